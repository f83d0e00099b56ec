using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Keys;

/// <summary>Second identities: whom the key role lets approve.</summary>
public sealed partial class ReserveKeys
{
    /// <summary>Every enrolled approver, each signature checked; from the key directory's copy where the repository's is damaged or lost.</summary>
    public ValueTask<EnrolledApprovers> LoadApproversAsync(IObjectStore store, CancellationToken cancel) => Head.LoadApproversAsync(store, cancel);

    /// <summary>Signs an approver's next revision, keeps a copy and puts it into the repository. Whether that may be done, the guard decides before.</summary>
    internal async ValueTask PublishApproverAsync(SubjectReader reader, EnrolledApprover approver, uint revision, IObjectStore store, CancellationToken cancel)
    {
        var enrolment = new ApproverObject(ReserveId, revision, approver);
        _copies.Keep(enrolment.ObjectName, enrolment.ToBytes(reader.Role.Keys.KeyRole));
        await PublishAsync(store, cancel).ConfigureAwait(false);
    }

    /// <summary>The key role's key whose audit chain is a writer's; null for none.</summary>
    internal ReadOnlyMemory<byte>? KeyRoleKeyOf(Id16 writer) => _trust.Chain.Keys.FirstOrDefault(key => EnrolledApprover.IdOf(key) == writer) is { } key ? key : default(ReadOnlyMemory<byte>?);

    /// <summary>Whether a key is one that already signs or opens something here, and so is no second identity.</summary>
    internal bool IsOwnKey(ReadOnlySpan<byte> publicKey, EnrolledWriters writers)
    {
        if (_trust.Chain.Holds(publicKey) || (_publicHalf is not null && publicKey.SequenceEqual(_publicHalf.KekPublicKey)))
        {
            return true;
        }
        foreach (var writer in writers.All)
        {
            if (writer.HasSigningKey(publicKey) || publicKey.SequenceEqual(writer.EncryptionKey))
            {
                return true;
            }
        }
        return false;
    }
}
