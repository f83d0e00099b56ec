using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Operations;

/// <summary>Revokes a host: what it stored after its last good point counts no more, and it writes nothing further.</summary>
public static class HostRevocation
{
    /// <summary>The word for "no point of it counts".</summary>
    public const string None = "none";

    /// <summary>What revoking would do. Changes nothing.</summary>
    /// <param name="installation">The key role's machine.</param>
    /// <param name="host">A host's name, or its writer id.</param>
    /// <param name="lastGoodPoint">The name of its last restore point that counts; null for the newest there is, <see cref="None"/> for none.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>HostNotFound</c>, <c>HostIsThisOne</c>, <c>BackupNotFound</c>, <c>KeyDirectoryMissing</c></exception>
    public static async ValueTask<HostRevocationPlan> PlanAsync(Installation installation, string host, string? lastGoodPoint, CancellationToken cancel)
    {
        Access.Require(installation, "Unregister-StingHost");
        ArgumentNullException.ThrowIfNull(installation);
        HostRegistry.CheckRole(installation);
        var writer = HostRegistry.FindHost(installation, host);
        if (writer.Id == installation.Writer)
        {
            throw new StingException("HostIsThisOne", FailureKind.Refused, $"'{writer.HostName}' is this host, which signs in the key role's name.", writer.HostName,
                "Revoke it on another machine that has the key directory and keys of its own.");
        }
        var view = await RepositoryView.LoadAsync(installation.Store, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false);
        var points = view.Points.Where(p => p.Record.Writer == writer.Id).OrderBy(p => p.Record.Sequence).ToList();
        var last = Last(points, writer, lastGoodPoint);
        var plan = new HostRevocationPlan
        {
            HostName = writer.HostName, WriterId = writer.Id.ToString(), LastGoodSequence = last, Repository = installation.Store.Location,
            LastGoodPoint = points.LastOrDefault(p => !p.Record.IsVoid && p.Record.Sequence <= last)?.Record.Name,
            LostPoints = points.Where(p => !p.Record.IsVoid && p.Record.Sequence > last).Select(p => p.Record.Name).ToArray(),
        };
        return plan with { Approval = await Guard.LookAsync(installation, DangerOf(plan, writer.Id), cancel).ConfigureAwait(false) };
    }

    /// <summary>
    /// Revokes, once a second identity has approved it: signs the host's claims anew, then says that it counts no further, then looks for claims that came between. A try that was cut off is simply repeated.
    /// </summary>
    /// <exception cref="StingException"><c>ApprovalRequired</c> and the others of <see cref="Guard"/></exception>
    public static Task<HostRevocationResult> RunAsync(Installation installation, HostRevocationPlan plan, CancellationToken cancel)
    {
        Access.Require(installation, "Unregister-StingHost");
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        return Guard.RunAsync(installation, DangerOf(plan, HostRegistry.FindHost(installation, plan.WriterId).Id), token => RevokeAsync(installation, plan, token), static _ => "Revoked", cancel);
    }

    /// <summary>The number is what decides: whatever the host makes later counts no more, and makes no other deed of it.</summary>
    internal static DangerousPlan DangerOf(HostRevocationPlan plan, Id16 writer) => new("Unregister-StingHost", $"host {plan.HostName}")
    {
        Facts =
        [
            new PlanFact("Host", plan.HostName), new PlanFact("Writer", plan.WriterId), new PlanFact("Last good point", plan.LastGoodPoint ?? None),
            new PlanFact("Last good run", plan.LastGoodSequence.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        ],
        Subjects = [writer],
    };

    private static async Task<HostRevocationResult> RevokeAsync(Installation installation, HostRevocationPlan plan, CancellationToken cancel)
    {
        var keys = installation.Keys!;
        var reader = await HostRegistry.KeyRoleAsync(installation, cancel).ConfigureAwait(false);
        var writer = HostRegistry.FindHost(installation, plan.WriterId);
        var (before, _) = await keys.TakeOverClaimsAsync(installation.Store, reader, installation.Writers, writer.Id, cancel).ConfigureAwait(false);
        if (writer.LastGoodSequence != plan.LastGoodSequence)
        {
            await keys.RevokeAsync(reader, installation.Store, writer, plan.LastGoodSequence, cancel).ConfigureAwait(false);
        }
        await keys.PublishAsync(installation.Store, cancel).ConfigureAwait(false);
        var (after, faults) = await keys.TakeOverClaimsAsync(installation.Store, reader, installation.Writers, writer.Id, cancel).ConfigureAwait(false);
        // A damaged claim was nobody's before, and Repair-StingRepository makes it anew; whatever else failed left a claim of his in force.
        if (faults.FirstOrDefault(fault => fault.ErrorId != "ClaimDamaged") is { } failed)
        {
            throw failed;
        }
        return new HostRevocationResult
        {
            HostName = plan.HostName, WriterId = plan.WriterId, LastGoodSequence = plan.LastGoodSequence, LostPoints = plan.LostPoints, Claims = before.Concat(after).Distinct().Count(),
        };
    }

    private static long Last(List<StoredPoint> points, EnrolledWriter writer, string? wanted)
    {
        if (string.Equals(wanted, None, StringComparison.OrdinalIgnoreCase))
        {
            return 0;
        }
        if (wanted is null)
        {
            return writer.LastGoodSequence ?? points.LastOrDefault()?.Record.Sequence ?? 0;
        }
        return points.LastOrDefault(p => p.Record.Name == wanted)?.Record.Sequence
            ?? throw new StingException("BackupNotFound", FailureKind.NotFound, $"Host '{writer.HostName}' made no restore point '{wanted}'.", wanted,
                $"Get-StingRestorePoint lists them; '{None}' trusts none of this host's.");
    }
}
