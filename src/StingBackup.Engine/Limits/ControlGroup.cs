using System.Globalization;

namespace StingBackup.Engine.Limits;

/// <summary>
/// A group of the kernel's for this process and its children, in which they get a share of the processors. Made below the group that the process is in, and gone with <see cref="Leave"/>; what a killed
/// process left is removed by the next one.
/// </summary>
internal sealed class ControlGroup
{
    private const string Members = "cgroup.procs", Enabled = "cgroup.subtree_control";

    private readonly IControlFiles _files;
    private readonly ControlGroupPlace _place;
    private readonly string _folder;
    private bool _enabled;

    private ControlGroup(IControlFiles files, ControlGroupPlace place) => (_files, _place, _folder) = (files, place, $"{place.Own}/{ControlGroupPlace.NameOf(files.Process)}");

    /// <summary>Moves this process into a group of its own; null, and why, where that cannot be: then all is as it was.</summary>
    /// <param name="files">The kernel.</param>
    /// <param name="percent">Percent of the processors.</param>
    /// <param name="processors">How many there are.</param>
    /// <param name="reason">Why there is none.</param>
    public static ControlGroup? TryEnter(IControlFiles files, int percent, int processors, out string reason)
    {
        (var place, reason) = ControlGroupPlace.Find(files);
        if (place is null)
        {
            return null;
        }
        reason = ObstacleOf(files, place);
        if (reason.Length > 0)
        {
            return null;
        }
        RemoveAbandoned(files, place);
        var group = new ControlGroup(files, place);
        try
        {
            files.MakeGroup(group._folder);
            if (place is { Version: 2, IsRoot: true })
            {
                group.Enable();
                group.SetShare(percent, processors);
                group.Join(group._folder);
            }
            else if (place.Version == 2)
            {
                // A group that divides the processors among groups holds no process itself: so ours leaves it first.
                group.Join(group._folder);
                group.Enable();
                group.SetShare(percent, processors);
            }
            else
            {
                group.SetShare(percent, processors);
                group.Join(group._folder);
            }
            return group;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            group.Leave();
            reason = e is UnauthorizedAccessException ? $"there is no right to make a control group in {place.Own}" : $"the kernel refuses a control group in {place.Own}: {e.Message}";
            return null;
        }
    }

    /// <summary>What can be seen beforehand to stand in the way; empty where nothing does.</summary>
    public static string ObstacleOf(IControlFiles files, ControlGroupPlace place)
    {
        if (place is { Version: 2, IsRoot: false } && MembersOf(files, place.Own).Any(process => process != files.Process))
        {
            return $"other programs share the control group {place.Own}; a unit of its own under systemd has it alone";
        }
        return "";
    }

    /// <summary>Gives another share to whoever is in it.</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">There is no right to it.</exception>
    public void SetShare(int percent, int processors)
    {
        var quota = ControlGroupPlace.QuotaOf(percent, processors);
        if (_place.Version == 2)
        {
            _files.Write($"{_folder}/cpu.max", string.Create(CultureInfo.InvariantCulture, $"{quota} {ControlGroupPlace.Period}"));
            return;
        }
        _files.Write($"{_folder}/cpu.cfs_period_us", ControlGroupPlace.Period.ToString(CultureInfo.InvariantCulture));
        _files.Write($"{_folder}/cpu.cfs_quota_us", quota.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Moves everybody back to where they came from, and removes the group; false where it could not be removed. Never throws: it runs on every way out.</summary>
    public bool Leave()
    {
        if (_enabled)
        {
            // Before anybody can come back: a group that divides holds no process.
            Try(() => _files.Write($"{_place.Own}/{Enabled}", "-cpu"));
            _enabled = false;
        }
        foreach (var process in MembersOf(_files, _folder).Order())
        {
            Try(() => _files.Write($"{_place.Own}/{Members}", process.ToString(CultureInfo.InvariantCulture)));
        }
        return Try(() => _files.RemoveGroup(_folder));
    }

    private void Enable()
    {
        if (!(_files.Read($"{_place.Own}/{Enabled}") ?? "").Split([' ', '\n']).Contains("cpu"))
        {
            _files.Write($"{_place.Own}/{Enabled}", "+cpu");
            _enabled = true;
        }
    }

    private void Join(string folder) => _files.Write($"{folder}/{Members}", _files.Process.ToString(CultureInfo.InvariantCulture));

    /// <summary>What a process that was killed could not take back.</summary>
    private static void RemoveAbandoned(IControlFiles files, ControlGroupPlace place)
    {
        foreach (var name in files.GroupsIn(place.Own))
        {
            if (ControlGroupPlace.OwnerOf(name) is { } owner && (owner == files.Process || !files.IsAlive(owner)) && MembersOf(files, $"{place.Own}/{name}").Count == 0)
            {
                Try(() => files.RemoveGroup($"{place.Own}/{name}"));
            }
        }
    }

    private static List<int> MembersOf(IControlFiles files, string folder) =>
        [.. (files.Read($"{folder}/{Members}") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => int.TryParse(line, CultureInfo.InvariantCulture, out var process) ? process : 0).Where(process => process > 0)];

    private static bool Try(Action act)
    {
        try
        {
            act();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
