using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine;

public sealed partial class Installation
{
    private Caller _caller = Caller.OfProcess;
    private Func<CancellationToken, ValueTask<ISubjectReader>> _unlockAsync = null!;
    private Func<CancellationToken, ValueTask<(SubjectReader Reader, SecretBytes? Secret)>>? _unlockWithSecretAsync;

    /// <summary>The same installation with somebody else acting. It shares everything with this one, which alone is disposed.</summary>
    internal Installation As(Caller caller)
    {
        var there = (Installation)MemberwiseClone();
        (there._caller, there.Alarm) = (caller, null);
        return there;
    }

    /// <summary>The same installation for a person who acts on the own reserve, with the keys that are given and no way to others.</summary>
    internal Installation As(Caller caller, ISubjectReader keys)
    {
        var there = As(caller);
        (there._unlockAsync, there._unlockWithSecretAsync) = (_ => ValueTask.FromResult(keys), null);
        return there;
    }
}
