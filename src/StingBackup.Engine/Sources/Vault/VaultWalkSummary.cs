namespace StingBackup.Engine.Sources.Vault;

/// <summary>What a walk met. A deleted or destroyed secret has no value to back up: it is absent from the backup, and told here.</summary>
/// <param name="Secrets">Secrets that were emitted.</param>
/// <param name="Deleted">Secrets whose newest version is deleted (it could be undeleted in Vault).</param>
/// <param name="Destroyed">Secrets whose newest version is destroyed, or was never written.</param>
/// <param name="Vanished">Secrets that were listed and gone when they were asked for.</param>
/// <param name="Named">Paths of the first hundred deleted and destroyed ones.</param>
public sealed record VaultWalkSummary(long Secrets, long Deleted, long Destroyed, long Vanished, IReadOnlyList<string> Named)
{
    private const int Shown = 10;

    /// <summary>For people; null when nothing is absent.</summary>
    public string? Absences
    {
        get
        {
            var absent = Deleted + Destroyed;
            return absent == 0 ? null : FormattableString.Invariant($"{absent} secrets have no value and are not in this backup ({Deleted} deleted, {Destroyed} destroyed or never written): ")
                + string.Join(", ", Named.Take(Shown)) + (absent > Shown ? FormattableString.Invariant($" and {absent - Shown} more.") : ".");
        }
    }
}
