using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Sources.PostgreSql.Logical;

namespace StingBackup.Engine.Lifecycle;

/// <summary>What people asked STING to delete, and what of it backups know already. Reads the living database; changes nothing.</summary>
public static class ErasureFeed
{
    /// <summary>What STING says of a request that asks for nothing any more. One that it completed asks for the backups all the same.</summary>
    private static readonly HashSet<string> Withdrawn = new(["rejected", "denied", "refused", "cancelled", "canceled", "withdrawn"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads it. Needs the key directory, this host's keys, and no passphrase.</summary>
    /// <exception cref="StingException"><c>ErasureFeedMissing</c> where there is no server, table or column; those of PostgreSQL; <c>KeyDirectoryMissing</c></exception>
    public static async ValueTask<IReadOnlyList<DeletionRequest>> ReadAsync(Installation installation, CancellationToken cancel)
    {
        Access.Require(installation, "Get-StingErasureRequest");
        ArgumentNullException.ThrowIfNull(installation);
        if (installation.Configuration?.PostgreSql is not { } settings)
        {
            throw new StingException("ErasureFeedMissing", FailureKind.InvalidConfiguration, "No database server is configured: STING's requests for deletion cannot be read.", installation.Configuration?.File,
                "Set postgresql.host to STING's server, or ask for erasures by hand with Remove-StingSubject.");
        }
        var book = ErasureJob.Book(installation);
        var erasures = book.Erasures;
        var rows = await DeletionRequestReader.ReadAsync(settings, cancel).ConfigureAwait(false);
        var requests = new List<DeletionRequest>();
        foreach (var row in rows)
        {
            requests.Add(await LookAsync(installation, book, erasures, row, cancel).ConfigureAwait(false));
        }
        return requests.ToArray();
    }

    private static async ValueTask<DeletionRequest> LookAsync(Installation installation, ErasureBook book, IReadOnlyList<ErasureRecord> erasures, DeletionRow row, CancellationToken cancel)
    {
        var request = new DeletionRequest
        {
            Id = row.Id, Database = row.Database, User = row.Subject ?? row.Person, Status = row.Status, RequestedTime = row.Time,
            Reference = $"{DeletionRequestReader.Table}{(row.Id.Length > 0 ? " " + row.Id : "")}", State = DeletionRequestState.Withdrawn,
        };
        if (Withdrawn.Contains(row.Status))
        {
            return request;
        }
        if (row.Subject is null)
        {
            return request with { State = DeletionRequestState.PersonUnknown };
        }
        var tag = installation.Subjects.TagOf(row.Subject);
        var open = erasures.LastOrDefault(record => record.State is ErasureState.Pending or ErasureState.Incomplete && record.Targets.Any(target => target.Tag == tag || target.Aliases.Contains(tag)));
        if (open is not null)
        {
            return request with { State = book.HoldsOn([tag]).Count > 0 ? DeletionRequestState.Held : DeletionRequestState.Requested, ErasureId = open.Id.ToString() };
        }
        var isClaimed = await ClaimReader.ReadBytesAsync(installation.Store, KeyObjectNames.Claim(tag), cancel).ConfigureAwait(false) is not null;
        if (!isClaimed && installation.Ledger.FindTag(tag) is { } entry)
        {
            return request with { State = DeletionRequestState.Erased, ErasureId = entry.Request.ToString() };
        }
        return request with { State = book.HoldsOn([tag]).Count > 0 ? DeletionRequestState.Held : isClaimed ? DeletionRequestState.New : DeletionRequestState.NotBackedUp };
    }
}
