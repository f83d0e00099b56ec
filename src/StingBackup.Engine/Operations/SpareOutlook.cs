using System.Globalization;
using StingBackup.Engine.Discovery;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Operations;

/// <summary>Whether the spare keys of this host last for what its sources hold now: told before a run would leave somebody out.</summary>
public static class SpareOutlook
{
    /// <summary>Looks; asks the sources for names alone, and changes nothing. Nothing to tell where this host mints by itself.</summary>
    public static async ValueTask<IReadOnlyList<ConfigurationFinding>> LookAsync(Installation installation, CancellationToken cancel)
    {
        Access.Require(installation, "Get-StingBackupStatus");
        ArgumentNullException.ThrowIfNull(installation);
        if (installation.Host?.Subjects is not SubjectWriter { Spares: { TopsUpItself: false } spares } writer)
        {
            return [];
        }
        var (survey, unclaimed) = await SubjectSurvey.TakeAsync(installation, writer, cancel).ConfigureAwait(false);
        // Why a source does not answer, the check of that source tells.
        var without = survey.Unasked.Count == 0 ? "" : $" {string.Join(" and ", survey.Unasked.Select(u => u.Source))} could not be asked and may hold more.";
        var counted = string.Create(CultureInfo.InvariantCulture, $"{unclaimed} people and jars have no key in the repository yet, and {spares.Left} spare keys are left on this host");
        var lacking = unclaimed - spares.Left;
        return lacking > 0
            ? [Finding(FindingSeverity.Warning, string.Create(CultureInfo.InvariantCulture, $"{counted}: the next run would leave out {lacking} of them.{without}"), string.Create(CultureInfo.InvariantCulture,
                $"Before the run, run Repair-StingRepository with the key file's passphrase, which makes enough; for a host without the key directory, Register-StingHost -TopUp -Spares {lacking + spares.Target} on the key role's machine."))]
            : spares.IsLow
            ? [Finding(FindingSeverity.Warning, $"Only {spares.Left} of {spares.Target} spare keys are left for new people and jars.{without}",
                "Run Repair-StingRepository with the key file's passphrase; for a host without the key directory, Register-StingHost -TopUp on the key role's machine.")]
            : [Finding(FindingSeverity.Information, $"{counted}.{without}", "")];
    }

    private static ConfigurationFinding Finding(FindingSeverity severity, string problem, string remedy) =>
        new() { Severity = severity, Key = null, File = null, Line = 0, Problem = problem, Remedy = remedy };
}
