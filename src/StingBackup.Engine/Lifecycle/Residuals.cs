using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Lifecycle;

/// <summary>Copies that the destruction of a key does not reach, and when each ends.</summary>
internal static class Residuals
{
    /// <summary>What stands at a moment.</summary>
    public static IEnumerable<ResidualCopy> Of(Installation installation, RepositoryView view, DateTimeOffset at)
    {
        if (Newest(view, DataClass.Physical) is { } physical)
        {
            yield return new ResidualCopy("captures of whole servers (class Physical), which mix everybody", Installation.FromNs(physical.Record.TimeNs, 0) + installation.PhysicalRetention);
        }
        foreach (var import in view.Backups.Where(point => point.Record.IsImported))
        {
            yield return new ResidualCopy($"restore point {import.Record.Name}, imported from {import.Record.Origin!.Archive}: its database dump mixes everybody", null);
        }
        if (installation.Configuration?.Capture is not null)
        {
            yield return new ResidualCopy("the spool of the captured write-ahead log on this host: until a full run's base backup no longer needs it", at + installation.PhysicalRetention);
        }
    }

    private static StoredPoint? Newest(RepositoryView view, DataClass dataClass) =>
        view.Backups.LastOrDefault(point => point.Record.Classes.Any(part => part.Class == dataClass && part.Items > 0));
}
