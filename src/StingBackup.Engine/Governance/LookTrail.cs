using System.Globalization;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Governance;

/// <summary>
/// That somebody looks at what backups hold of people, by their keys: recorded before the first name is told, so that whoever breaks off is on record too. Looks of one identity by one command at one subject
/// within an hour are one record. As with restores, a record that cannot be written keeps nobody from looking, and is told.
/// </summary>
internal static class LookTrail
{
    /// <summary>What a refused passphrase or token stands under: which command asked is not known where keys are opened.</summary>
    public const string KeyFile = "KeyFile";

    private const int MostSubjects = 100;
    private const string Everybody = "*";
    private static readonly TimeSpan Once = TimeSpan.FromHours(1);

    /// <summary>Records a look.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="command">The cmdlet.</param>
    /// <param name="subjects">Pseudonyms of whose files names may be told; of more than a hundred the record has none, which means all, and their number.</param>
    /// <param name="cancel">Cancels before it is written.</param>
    public static async ValueTask NoteAsync(Installation installation, string command, IEnumerable<Id16> subjects, CancellationToken cancel)
    {
        var looked = subjects.Distinct().ToList();
        var book = new LookBook(installation, command);
        var isNamed = looked.Count <= MostSubjects;
        var fresh = isNamed ? looked.Where(subject => !book.Holds(subject.ToString())).ToList() : book.Holds(Everybody) ? [] : looked;
        if (fresh.Count == 0)
        {
            return;
        }
        try
        {
            RequireSigner(installation);
            await AuditLog.NoteAsync(installation, command, isNamed ? fresh : [], string.Create(CultureInfo.InvariantCulture, $"Looked at {fresh.Count} subject{(fresh.Count == 1 ? "" : "s")}"), cancel).ConfigureAwait(false);
            book.Keep(isNamed ? fresh.Select(subject => subject.ToString()) : [Everybody]);
        }
        catch (StingException e)
        {
            installation.Warn?.Invoke($"That {command} looked at {looked.Count} subjects does not stand in the audit log: {e.Message} {e.Remedy}");
        }
    }

    /// <summary>Records that a passphrase, or what stands in its place, did not open the keys. Each time: guesses are counted.</summary>
    public static async ValueTask RefusedAsync(Installation installation, StingException refusal)
    {
        if (installation.Host is null || installation.IsLocalTierLost)
        {
            return;
        }
        try
        {
            var log = await AuditLog.OpenAsync(installation, CancellationToken.None).ConfigureAwait(false);
            await log.AppendAsync(new AuditDraft(AuditEvent.Refused, KeyFile) { Outcome = refusal.ErrorId }, CancellationToken.None).ConfigureAwait(false);
        }
        catch (StingException)
        {
            // Whoever is refused is refused, recorded or not.
        }
    }

    private static void RequireSigner(Installation installation)
    {
        if (installation.IsLocalTierLost)
        {
            throw new StingException("RepositoryMissing", FailureKind.NotFound, "the local tier is lost, and nothing is written.", installation.Store.Location, "Bring it back: Sync-StingTier -Tier Local.");
        }
        if (!installation.CanSign)
        {
            throw new StingException("HostNotEnrolled", FailureKind.NotFound, "this host has no keys of its own that could sign it.", installation.StateFolder, "Look on a host that is enrolled where it has to be on record.");
        }
    }

    /// <summary>What was recorded within the last hour: <c>state/audit/&lt;reserve&gt;/looks.json</c>. Where it is lost, there is one record more.</summary>
    private sealed class LookBook(Installation installation, string command)
    {
        private readonly string _path = Path.Combine(installation.StateFolder, "audit", installation.Reserve.ToString(), "looks.json");
        private readonly string _actor = installation.Caller.Actor;
        private readonly List<Look> _looks = Load(installation);

        public bool Holds(string subject) => _looks.Any(look => look.Subject == subject && look.Command == command && look.Actor == _actor);

        public void Keep(IEnumerable<string> subjects)
        {
            _looks.AddRange(subjects.Select(subject => new Look(installation.NowNs, _actor, command, subject)));
            try
            {
                StateFile.Write(_path, _looks);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // As said.
            }
        }

        // What is from the future is from a clock that was wrong.
        private static List<Look> Load(Installation installation)
        {
            var path = Path.Combine(installation.StateFolder, "audit", installation.Reserve.ToString(), "looks.json");
            var age = Once.Ticks * TimeSpan.NanosecondsPerTick;
            return [.. (StateFile.Read<List<Look>>(path) ?? []).Where(look => look.TimeNs <= installation.NowNs && look.TimeNs > installation.NowNs - age)];
        }
    }

    private sealed record Look(long TimeNs, string Actor, string Command, string Subject);
}
