using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Integrity;

/// <summary>Puts objects and removes damaged ones. A store that forbids it is named, and the repair goes on.</summary>
internal sealed class StoreMender(IObjectStore store, FaultBook left)
{
    /// <summary>Removes a damaged object; a fault where the store does not let it.</summary>
    public async ValueTask<bool> RemoveAsync(string name, CancellationToken cancel)
    {
        try
        {
            return await store.DeleteAsync(name, cancel).ConfigureAwait(false);
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e) || e.Kind == FailureKind.Refused)
        {
            left.Add(name, $"it is damaged, and the store does not let it be removed: {e.Message.TrimEnd('.')}");
            return false;
        }
    }

    /// <summary>Runs one mending step about an object; a fault when it fails.</summary>
    public async ValueTask<bool> TryAsync(string name, Func<ValueTask> mend)
    {
        try
        {
            await mend().ConfigureAwait(false);
            return true;
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e) || e.Kind is FailureKind.Refused or FailureKind.Authentication or FailureKind.Busy)
        {
            left.Add(e.Target is { } target && ObjectKinds.Of(target) is not null ? target : name, e);
            return false;
        }
    }
}
