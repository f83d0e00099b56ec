using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;

namespace StingBackup.Engine.Legacy;

/// <summary>Imports the archives that a plan names: each becomes one run with the date that the archive has.</summary>
public static class LegacyImportJob
{
    /// <summary>Executes a plan. The last event is a <see cref="CompletedEvent"/> with a <see cref="LegacyImportResult"/>.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="plan">What <see cref="LegacyImportPlanner"/> made, in this process.</param>
    /// <param name="passphrase">Opens encrypted archives; wiped when the job ends.</param>
    /// <param name="cancel">Cancels.</param>
    public static async IAsyncEnumerable<JobEvent> RunAsync(
        Installation installation, LegacyImportPlan plan, SecretBytes? passphrase, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        Access.Require(installation, "Import-StingLegacyBackup");
        ArgumentNullException.ThrowIfNull(plan);
        using var secret = passphrase;
        var events = JobStream.RunAsync(installation, "import",
            async (output, token) => await new LegacyImportRun(installation, plan, secret, output).RunAsync(token).ConfigureAwait(false), cancel);
        await foreach (var happened in events.ConfigureAwait(false))
        {
            yield return happened;
        }
    }
}
