using System.Collections.Concurrent;
using StingBackup.Engine.People;
using StingBackup.Portal.Access;

namespace StingBackup.Portal.Admin;

/// <summary>
/// Whose backups an administrator has opened, in one session, for a quarter of an hour. To open is a deed that the audit log has; to look around afterwards is not, and no address that somebody follows makes anybody open anything.
/// </summary>
internal sealed class OpenedSubjects(TimeProvider clock)
{
    private const int Most = 1000;
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(15);

    private readonly ConcurrentDictionary<(string Session, string Subject), (OwnReserve Reserve, DateTimeOffset Since)> _opened = new();

    /// <summary>Remembers what the engine has opened, under the one canonical name.</summary>
    public void Keep(PortalUser user, OwnReserve reserve)
    {
        var now = clock.GetUtcNow();
        foreach (var over in _opened.Where(o => IsOver(o.Value.Since, now)).Select(o => o.Key).ToList())
        {
            _opened.TryRemove(over, out _);
        }
        if (_opened.Count >= Most)
        {
            _opened.Clear();
        }
        _opened[(user.Session, reserve.Subjects[0])] = (reserve, now);
    }

    /// <summary>What this session has opened by a canonical name; null where it has not, or where that is over.</summary>
    public OwnReserve? Find(PortalUser user, string subject) =>
        _opened.TryGetValue((user.Session, subject.Trim()), out var opened) && !IsOver(opened.Since, clock.GetUtcNow()) ? opened.Reserve : null;

    private static bool IsOver(DateTimeOffset since, DateTimeOffset now) => now - since >= Lasts || now < since;
}
