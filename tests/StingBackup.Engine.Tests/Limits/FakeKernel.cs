using System.Globalization;
using StingBackup.Engine.Limits;

namespace StingBackup.Engine.Tests.Limits;

/// <summary>A kernel's groups of processes in memory, with the rules of both versions that matter here: files come with their group, a group with somebody in it stays, and by version 2 no group but the root both divides and holds.</summary>
internal sealed class FakeKernel : IControlFiles
{
    private readonly Dictionary<string, string> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<int>> _groups = new(StringComparer.Ordinal);
    private readonly int _version;
    private readonly string _root;

    /// <summary>One with this process in a group.</summary>
    public FakeKernel(int version, string own)
    {
        (_version, _root) = (version, version == 1 ? "/sys/fs/cgroup/cpu,cpuacct" : "/sys/fs/cgroup");
        Own = own == "/" ? _root : _root + own;
        _files["/proc/self/mountinfo"] = version == 1
            ? $"30 24 0:26 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro\n31 30 0:27 / {_root} rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct\n32 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
            : $"24 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 24 0:26 / {_root} rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
        _files["/proc/self/cgroup"] = version == 1 ? $"9:memory:/elsewhere\n4:cpu,cpuacct:{own}\n0::/\n" : $"0::{own}\n";
        Add(_root);
        for (var at = 1; own != "/" && (at = own.IndexOf('/', at)) > 0; at++)
        {
            Add(_root + own[..at]);
            Divides.Add(_root + own[..at]);
        }
        Divides.Add(_root);
        if (own != "/")
        {
            Add(Own);
        }
        _groups[Own].Add(Process);
    }

    public int Process => 4711;
    public string Own { get; }
    public HashSet<string> Divides { get; } = new(StringComparer.Ordinal);
    /// <summary>Whether this process may change anything.</summary>
    public bool HasRight { get; set; } = true;
    /// <summary>The share that the kernel refuses, as where a group above has less.</summary>
    public string? Refused { get; set; }
    public HashSet<int> Alive { get; } = [4711];
    public List<string> Log { get; } = [];

    public IReadOnlyList<string> Groups => [.. _groups.Keys.Order(StringComparer.Ordinal)];
    public string GroupOf(int process) => _groups.Single(group => group.Value.Contains(process)).Key;

    public void Join(int process, string group)
    {
        foreach (var members in _groups.Values)
        {
            members.Remove(process);
        }
        _groups[group].Add(process);
        Alive.Add(process);
    }

    public void Add(string group)
    {
        _groups[group] = [];
        if (group != _root)
        {
            _files[$"{group}/cgroup.type"] = "domain";
        }
    }

    public bool IsAlive(int process) => Alive.Contains(process);

    public string? Read(string path)
    {
        var (group, file) = Split(path);
        return file switch
        {
            "cgroup.procs" when _groups.TryGetValue(group, out var members) => string.Concat(members.Select(m => m.ToString(CultureInfo.InvariantCulture) + "\n")),
            "cgroup.controllers" when _groups.ContainsKey(group) && _version == 2 => group == _root || Divides.Contains(Split(group).Group) ? "cpuset cpu io memory\n" : "memory\n",
            "cgroup.subtree_control" when _groups.ContainsKey(group) => Divides.Contains(group) ? "cpu memory\n" : "\n",
            _ => _files.GetValueOrDefault(path),
        };
    }

    public void Write(string path, string text)
    {
        Log.Add($"{path} = {text}");
        if (!HasRight)
        {
            throw new UnauthorizedAccessException("no");
        }
        var (group, file) = Split(path);
        if (!_groups.TryGetValue(group, out var members))
        {
            throw new FileNotFoundException(path);
        }
        switch (file)
        {
            case "cgroup.procs" when _version == 2 && group != _root && Divides.Contains(group):
                throw new IOException("Device or resource busy");
            case "cgroup.procs":
                Join(int.Parse(text, CultureInfo.InvariantCulture), group);
                break;
            case "cgroup.subtree_control" when text == "+cpu" && group != _root && members.Count > 0:
                throw new IOException("Device or resource busy");
            case "cgroup.subtree_control":
                _ = text == "+cpu" ? Divides.Add(group) : Divides.Remove(group);
                break;
            case "cpu.max" when _version == 1 || !Divides.Contains(Split(group).Group):
                throw new FileNotFoundException(path);
            case "cpu.max" or "cpu.cfs_quota_us" when Refused == text:
                throw new IOException("Invalid argument");
            default:
                _files[path] = text;
                break;
        }
    }

    public void MakeGroup(string path)
    {
        if (!HasRight)
        {
            throw new UnauthorizedAccessException("no");
        }
        if (!_groups.ContainsKey(path))
        {
            Add(path);
        }
    }

    public void RemoveGroup(string path)
    {
        if (!_groups.TryGetValue(path, out var members))
        {
            throw new DirectoryNotFoundException(path);
        }
        if (members.Count > 0 || _groups.Keys.Any(group => group.StartsWith(path + "/", StringComparison.Ordinal)))
        {
            throw new IOException("Device or resource busy");
        }
        _groups.Remove(path);
    }

    public IReadOnlyList<string> GroupsIn(string path) => [.. _groups.Keys.Where(group => group != path && Split(group).Group == path).Select(group => Split(group).File)];

    public bool MayMakeIn(string path) => HasRight;

    public IReadOnlyList<string> Schedulers() => ["mq-deadline"];

    private static (string Group, string File) Split(string path) => (path[..path.LastIndexOf('/')], path[(path.LastIndexOf('/') + 1)..]);
}
