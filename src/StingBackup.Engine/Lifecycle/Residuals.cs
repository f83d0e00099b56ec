using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Tiering.Locks;

namespace StingBackup.Engine.Lifecycle;

/// <summary>Copies that the destruction of a key does not reach, and when each ends.</summary>
internal static class Residuals
{
    /// <summary>What stands at a moment.</summary>
    public static IEnumerable<ResidualCopy> Of(Installation installation, RepositoryView view, DateTimeOffset at)
    {
        if (Newest(view, DataClass.Physical) is { } physical)
        {
            // What was stored a moment ago is locked for the shortest lock, however old the capture was by then.
            var ends = NanosecondTime.FromNs(physical.Record.TimeNs, 0) + installation.PhysicalRetention;
            yield return new ResidualCopy("captures of whole servers (class Physical), which mix everybody", installation.Locks.Values.Select(held => at + held.AtLeast).Append(ends).Max());
        }
        foreach (var import in view.Backups.Where(point => point.Record.IsImported))
        {
            yield return new ResidualCopy($"restore point {import.Record.Name}, imported from {import.Record.Origin!.Archive}: its database dump mixes everybody", null);
        }
        if (installation.Configuration?.Capture is not null)
        {
            yield return new ResidualCopy("the spool of the captured write-ahead log on this host: until a full run's base backup no longer needs it", at + installation.PhysicalRetention);
        }
        foreach (var locked in Locked(installation, at))
        {
            yield return locked;
        }
    }

    /// <summary>What stays as ciphertext that nobody can read any more, and until when nobody can delete it.</summary>
    private static IEnumerable<ResidualCopy> Locked(Installation installation, DateTimeOffset at)
    {
        foreach (var (tier, held) in installation.Locks.OrderBy(l => l.Key))
        {
            var ends = LockMemory.Read(installation, tier).Ends.Values.Append(at + held.AtLeast).Max();
            yield return new ResidualCopy($"ciphertext on the {tier} tier, which no key opens any more and which object lock ({held.Mode.ToString().ToLowerInvariant()}) keeps from being deleted", ends);
        }
    }

    private static StoredPoint? Newest(RepositoryView view, DataClass dataClass) =>
        view.Backups.LastOrDefault(point => point.Record.Classes.Any(part => part.Class == dataClass && part.Items > 0));
}
