using System.Globalization;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Governance;

/// <summary>Reviews of what was done by breaking the glass: which are open, and how another identity closes one.</summary>
public static class ReviewJob
{
    private const string Verb = "Complete-StingReview";

    /// <summary>What closing a review would say. Changes nothing.</summary>
    /// <exception cref="StingException"><c>ReviewNotFound</c>, <c>ReviewClosed</c></exception>
    public static async ValueTask<ReviewPlan> PlanAsync(Installation installation, string id, CancellationToken cancel)
    {
        Access.Require(installation, Verb);
        var record = await FindAsync(installation, id, cancel).ConfigureAwait(false);
        return new ReviewPlan
        {
            Review = ToReview(record), Facts = BreakGlass.FactsOf(installation, record), Approval = await Guard.LookAsync(installation, DangerOf(installation, record), cancel).ConfigureAwait(false),
        };
    }

    /// <summary>Closes a review, once an approver who is not the one that broke the glass has signed it.</summary>
    /// <exception cref="StingException"><c>ReviewNotFound</c>, <c>ReviewClosed</c>, <c>ApprovalRequired</c> and the others of <see cref="Guard"/></exception>
    public static async Task<OpenReview> RunAsync(Installation installation, string id, CancellationToken cancel)
    {
        Access.Require(installation, Verb);
        var record = await FindAsync(installation, id, cancel).ConfigureAwait(false);
        return await Guard.RunAsync(installation, DangerOf(installation, record), _ => Task.FromResult(ToReview(record)), static _ => "Reviewed", cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// Reviews that are open, the oldest first. Reads what came into the chains since this host's last backup; what that remembered lies in the state folder, and <c>Test-StingAuditLog</c> does without.
    /// </summary>
    /// <param name="installation">The installation.</param>
    /// <param name="remember">Whether what was read is remembered: a backup does so, a look at the status writes nothing.</param>
    /// <param name="cancel">Cancels.</param>
    internal static async ValueTask<IReadOnlyList<OpenReview>> ListAsync(Installation installation, bool remember, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(installation);
        var path = Path.Combine(installation.StateFolder, "audit", installation.Reserve.ToString(), "reviews.json");
        var memory = StateFile.Read<Memory>(path) ?? new Memory([], []);
        var seen = new Dictionary<string, long>(memory.Seen ?? [], StringComparer.Ordinal);
        var open = (memory.Open ?? []).ToDictionary(review => review.Id, StringComparer.Ordinal);
        var closed = new HashSet<string>(StringComparer.Ordinal);
        var changed = false;
        await foreach (var item in installation.Store.ListAsync(AuditRecord.Prefix, cancel).ConfigureAwait(false))
        {
            if (ObjectKinds.Of(item.Name) != ObjectKind.Audit || ObjectKinds.RunIn(item.Name) is var (writer, sequence) && sequence <= seen.GetValueOrDefault(writer.ToString()))
            {
                continue;
            }
            try
            {
                var record = AuditRecord.Read(item.Name, await installation.Store.ReadAllAsync(item.Name, cancel).ConfigureAwait(false), installation.Reserve, id => AuditLog.KeyOf(installation, id));
                (seen[record.Writer.ToString()], changed) = (record.Sequence, true);
                Take(record, open, closed);
            }
            catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
            {
                // Verification names it; what it said is not known.
            }
        }
        closed.ToList().ForEach(id => open.Remove(id));
        var found = open.Values.OrderBy(review => review.Time).ThenBy(review => review.Id, StringComparer.Ordinal).ToArray();
        if (changed && remember)
        {
            Remember(path, new Memory(seen, found));
        }
        return found;
    }

    /// <summary>The same of chains that were read as a whole.</summary>
    internal static IReadOnlyList<OpenReview> Of(AuditChains chains)
    {
        var open = new Dictionary<string, OpenReview>(StringComparer.Ordinal);
        var closed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var record in chains.Records)
        {
            Take(record, open, closed);
        }
        return [.. open.Values.Where(review => !closed.Contains(review.Id)).OrderBy(review => review.Time)];
    }

    private static void Take(AuditRecord record, Dictionary<string, OpenReview> open, HashSet<string> closed)
    {
        if (record.Event == AuditEvent.BrokeGlass)
        {
            open[record.Request.ToString()] = ToReview(record);
        }
        else if (record.Event == AuditEvent.Executed && record.Verb == Verb)
        {
            closed.UnionWith(record.Subjects.Select(subject => subject.ToString()));
        }
    }

    private static async ValueTask<AuditRecord> FindAsync(Installation installation, string id, CancellationToken cancel)
    {
        var chains = await AuditChains.LoadAsync(installation, null, cancel).ConfigureAwait(false);
        var record = Id16.TryParse(id?.Trim(), out var wanted) ? chains.Records.FirstOrDefault(r => r.Event == AuditEvent.BrokeGlass && r.Request == wanted) : null;
        if (record is null)
        {
            throw new StingException("ReviewNotFound", FailureKind.NotFound, $"Nothing was done without its approvals under '{id}'.", id, "Get-StingAuditEvent -Event BrokeGlass lists what was; the status names what is open.");
        }
        return Of(chains).Any(review => review.Id == wanted.ToString()) ? record
            : throw new StingException("ReviewClosed", FailureKind.AlreadyExists, $"The review of {wanted} is closed.", id, "Get-StingAuditEvent -Command Complete-StingReview shows who closed it.");
    }

    /// <summary>What is signed is the record as it stands, and the reason with it: of whoever broke the glass nobody need take the word.</summary>
    private static DangerousPlan DangerOf(Installation installation, AuditRecord record) => new(Verb, $"what was done without approval as {record.Request}")
    {
        Facts =
        [
            new PlanFact("Command", record.Verb), new PlanFact("By", record.Actor), new PlanFact("Time", NanosecondTime.FromNs(record.TimeNs, 0).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
            new PlanFact("Audit record", AuditRecord.NameOf(record.Writer, record.Sequence)),
            .. BreakGlass.FactsOf(installation, record).Select(fact => fact with { Name = "Then: " + fact.Name }),
        ],
        Subjects = [record.Request],
        Excluded = ApprovalCheck.IdentityOf(record.Actor) is { } breaker ? [breaker] : [],
    };

    private static OpenReview ToReview(AuditRecord record) => new(record.Request.ToString(), record.Verb, record.Actor, NanosecondTime.FromNs(record.TimeNs, 0), record.Writer.ToString());

    private static void Remember(string path, Memory memory)
    {
        try
        {
            StateFile.Write(path, memory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is read anew the next time.
        }
    }

    private sealed record Memory(Dictionary<string, long> Seen, OpenReview[] Open);
}
