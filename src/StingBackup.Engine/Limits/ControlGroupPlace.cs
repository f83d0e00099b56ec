using System.Globalization;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Limits;

/// <summary>Where a group for this process would be made: below the one that it is in, by cgroup version 2 where that has the processors, else by version 1.</summary>
/// <param name="Version">1 or 2.</param>
/// <param name="Own">The folder of the group that this process is in.</param>
/// <param name="IsRoot">Whether that is the whole host's.</param>
internal sealed record ControlGroupPlace(int Version, string Own, bool IsRoot)
{
    private const string Controller = "cpu";

    /// <summary>Finds it; else why there is none.</summary>
    public static (ControlGroupPlace? Place, string Reason) Find(IControlFiles files)
    {
        if (!OperatingSystem.IsLinux())
        {
            return (null, "control groups are Linux's alone");
        }
        var mounts = (files.Read("/proc/self/mountinfo") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Mount.Parse).OfType<Mount>().ToList();
        var memberships = (files.Read("/proc/self/cgroup") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(':', 3)).Where(parts => parts.Length == 3).ToList();
        if (memberships.Find(m => m[1].Split(',').Contains(Controller)) is [_, _, var first])
        {
            return mounts.Find(m => m.Type == "cgroup" && m.Options.Split(',').Contains(Controller)) is { } mount && mount.FolderOf(first) is { } own
                ? (new ControlGroupPlace(1, own, first == "/"), "") : (null, "the hierarchy of the processors (cgroup version 1) is not mounted");
        }
        if (memberships.Find(m => m[0] == "0") is not [_, _, var path] || mounts.Find(m => m.Type == "cgroup2") is not { } unified || unified.FolderOf(path) is not { } folder)
        {
            return (null, "this system mounts no control groups");
        }
        return (files.Read($"{folder}/cgroup.controllers") ?? "").Split([' ', '\n']).Contains(Controller)
            ? (new ControlGroupPlace(2, folder, files.Read($"{folder}/cgroup.type") is null), "")
            : (null, $"the group {path} may not divide the processors (cgroup version 2): under systemd, Delegate=cpu gives it that right");
    }

    /// <summary>The share, as the kernel is told it: microseconds of the processors in each tenth of a second.</summary>
    public static long QuotaOf(int percent, int processors) => Math.Max(1000, Period * percent * processors / 100);

    /// <summary>Microseconds.</summary>
    public const long Period = 100_000;

    private sealed record Mount(string Root, string Point, string Type, string Options)
    {
        /// <summary>One line of mountinfo: … root point options … - type source options.</summary>
        public static Mount? Parse(string line)
        {
            var (fields, dash) = (line.Split(' '), 0);
            dash = Array.IndexOf(fields, "-");
            return dash > 5 && fields.Length > dash + 3 ? new Mount(MountText.Unescape(fields[3]), MountText.Unescape(fields[4]), fields[dash + 1], fields[dash + 3]) : null;
        }

        /// <summary>The folder of a group; null where only a part of the tree is mounted that does not hold it, as in some containers.</summary>
        public string? FolderOf(string group) => Root == "/" ? Point + (group == "/" ? "" : group)
            : group == Root ? Point : group.StartsWith(Root + "/", StringComparison.Ordinal) ? Point + group[Root.Length..]
            // A container that sees its own group as the root of all.
            : group == "/" ? Point : null;
    }

    /// <summary>The name of a process's group.</summary>
    public static string NameOf(int process) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{process}");

    /// <summary>The process that a group was made for; null for a group of somebody else's.</summary>
    public static int? OwnerOf(string name) => name.StartsWith(Prefix, StringComparison.Ordinal) && int.TryParse(name.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var process) ? process : null;

    private const string Prefix = "sting-backup-";
}
