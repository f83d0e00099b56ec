using StingBackup.Engine.People;

namespace StingBackup.Portal.Own;

/// <summary>A recovery that somebody asked for.</summary>
/// <param name="Request">The request, with the exact plan.</param>
/// <param name="Jar">The honey jar that it is about; null for the own reserve.</param>
internal sealed record RecoveryEntry(ApprovalRequest Request, string? Jar)
{
    /// <summary>All that somebody asked for, newest first: of the own reserve, and of jars that he may restore into.</summary>
    public static async ValueTask<IReadOnlyList<RecoveryEntry>> AllAsync(OwnReserve own, CancellationToken cancel)
    {
        List<RecoveryEntry> all = [.. (await own.RecoveriesAsync(cancel).ConfigureAwait(false)).Select(r => new RecoveryEntry(r, null))];
        foreach (var jar in (await own.JarsAsync(cancel).ConfigureAwait(false)).Where(j => j.MayRestore))
        {
            var reserve = await own.JarAsync(jar.Id, cancel).ConfigureAwait(false);
            all.AddRange((await reserve.RecoveriesAsync(cancel).ConfigureAwait(false)).Select(r => new RecoveryEntry(r, jar.Id)));
        }
        return [.. all.OrderByDescending(r => r.Request.CreatedTime)];
    }
}
