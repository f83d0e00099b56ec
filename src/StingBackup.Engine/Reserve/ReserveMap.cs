using StingBackup.Engine.Basics;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Reserve;

/// <summary>
/// Decides for every path of a reserve whether it is backed up, of which data class it is, and whom it belongs to. Compiled once from the configuration.
/// Safe to call from many threads; fast when paths come folder by folder, as a scan gives them, since all that a folder decides is worked out once.
/// </summary>
/// <remarks>
/// In this order: <c>reserve.exclude</c> leaves out; the first rule of <c>reserve.rules</c> that matches names the class (and perhaps the subject); else <c>users/&lt;id&gt;/**</c>
/// is UserFiles of that user, <c>jars/&lt;id&gt;/**</c> HoneyJars of that jar, and the rest Settings of <c>system</c>; <c>reserve.exclude_system</c> leaves out
/// what belongs to <c>system</c>, so that no rule about the installation's own files ever drops what a person uploaded.
/// </remarks>
public sealed class ReserveMap
{
    /// <summary>Folders looked through for whose they are: how deep, and how many at most.</summary>
    private const int DiscoveryDepth = 4, MostDiscovered = 100_000;

    private readonly Group _exclude;
    private readonly Group _excludeSystem;
    private readonly Group _rules;
    private readonly (DataClass Class, SubjectTemplate? Subject)[] _ruleResults;
    private readonly UsersMap _users;
    private readonly IReadOnlyList<Configuration.FolderMount> _mounts;
    private readonly Folder _root;
    private volatile Folder _last;

    private ReserveMap(ReserveSettings settings, UsersMap users)
    {
        _exclude = new Group(settings.Exclude);
        _excludeSystem = new Group(settings.ExcludeSystem);
        _rules = new Group(settings.Rules.Select(r => r.Glob));
        _ruleResults = settings.Rules.Select(r => (r.DataClass, r.Subject is null ? null : SubjectTemplate.Parse(r.Subject)
            ?? throw new ArgumentException($"'{r.Subject}' is no subject.", nameof(settings)))).ToArray();
        _users = users;
        _mounts = settings.Folders;
        _root = new Folder([], null, Layout.Root, SubjectNames.System, false, int.MaxValue, null, _exclude.Start, _excludeSystem.Start, _rules.Start);
        _last = _root;
    }

    private enum Layout { Root, Users, Jars, User, Jar, Other }

    /// <summary>Compiles the map.</summary>
    /// <param name="settings">Checked settings: every glob and subject in them is well formed.</param>
    /// <param name="users">Who is behind a folder's name; <see cref="UsersMap.Empty"/> where names speak for themselves.</param>
    public static ReserveMap Compile(ReserveSettings settings, UsersMap users)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(users);
        return new ReserveMap(settings, users);
    }

    /// <summary>Where an item belongs. The root belongs to <c>system</c>, class Settings.</summary>
    public Placement Classify(EntryPath path, ItemKind kind)
    {
        ArgumentNullException.ThrowIfNull(path);
        var bytes = path.Bytes;
        if (bytes.IsEmpty)
        {
            return new Placement(false, DataClass.Settings, SubjectNames.System);
        }
        var folder = FolderOf(bytes);
        var nameAt = folder.Path.Length == 0 ? 0 : folder.Path.Length + 1;
        return Place(folder, bytes, bytes[nameAt..], kind == ItemKind.Directory, out _, out _);
    }

    /// <summary>
    /// The subjects that a reserve's folders name now, those of mounted ones included (down to <c>archives/YYYY/MM/&lt;id&gt;</c>), those that rules name outright, and <c>system</c>; ordinal order. No folder that
    /// is somebody's is looked into.
    /// </summary>
    public IReadOnlyList<string> DiscoverSubjects(string root, IHostView host)
    {
        ArgumentNullException.ThrowIfNull(host);
        var subjects = new SortedSet<string>(_ruleResults.Select(r => r.Subject?.FixedName).OfType<string>(), StringComparer.Ordinal) { SubjectNames.System };
        var open = new Queue<(string Folder, EntryPath Path)>();
        open.Enqueue((root, EntryPath.Root));
        foreach (var mount in _mounts)
        {
            open.Enqueue((mount.Path, EntryPath.Root.Append(System.Text.Encoding.UTF8.GetBytes(mount.At))));
        }
        for (var looked = 0; looked < MostDiscovered && open.TryDequeue(out var next); looked++)
        {
            // A name that is not UTF-8 comes from .NET with a replacement character: its subject is claimed when the scan meets it.
            foreach (var name in host.DirectoriesIn(next.Folder).Where(n => !n.Contains('\uFFFD', StringComparison.Ordinal)))
            {
                var path = next.Path.Append(System.Text.Encoding.UTF8.GetBytes(name));
                if (SubjectOf(path) is not { } subject)
                {
                    continue;
                }
                subjects.Add(subject);
                if (subject == SubjectNames.System && path.Bytes.Count((byte)'/') < DiscoveryDepth - 1)
                {
                    open.Enqueue((Path.Join(next.Folder, name), path));
                }
            }
        }
        return [.. subjects];
    }

    /// <summary>Whose a folder is: its own placement, or that of what is in it, which rules of the form <c>folder/*/**</c> speak of; null for one that is left out.</summary>
    private string? SubjectOf(EntryPath folder)
    {
        var placement = Classify(folder, ItemKind.Directory);
        return placement.IsExcluded ? null : placement.Subject != SubjectNames.System ? placement.Subject
            : Classify(folder.Append("x"u8.ToArray()), ItemKind.File) is { IsExcluded: false } within ? within.Subject : placement.Subject;
    }

    /// <summary>The state of the folder that holds a path: the last one used, one of its ancestors, or made from there down.</summary>
    private Folder FolderOf(ReadOnlySpan<byte> path)
    {
        var length = Math.Max(0, path.LastIndexOf((byte)'/'));
        var wanted = path[..length];
        var folder = _last;
        while (!folder.Holds(wanted))
        {
            folder = folder.Parent!;
        }
        if (folder.Path.Length == length)
        {
            return folder;
        }
        while (folder.Path.Length < length)
        {
            var start = folder.Path.Length == 0 ? 0 : folder.Path.Length + 1;
            var end = wanted[start..].IndexOf((byte)'/');
            folder = Enter(folder, end < 0 ? wanted : wanted[..(start + end)], start);
        }
        _last = folder;
        return folder;
    }

    private Folder Enter(Folder parent, ReadOnlySpan<byte> path, int nameAt)
    {
        var name = path[nameAt..];
        var placement = Place(parent, path, name, true, out var rule, out var layoutSubject);
        var layout = parent.Layout switch
        {
            Layout.Root => name.SequenceEqual("users"u8) ? Layout.Users : name.SequenceEqual("jars"u8) ? Layout.Jars : Layout.Other,
            Layout.Users => Layout.User,
            Layout.Jars => Layout.Jar,
            var same => same,
        };
        // A template whose component lies deeper gives nothing here yet; then each item below works out its own.
        var ruleSubject = rule == int.MaxValue || placement.IsExcluded ? null : _ruleResults[rule].Subject?.Apply(path, _users, _ruleResults[rule].Class);
        return new Folder(path.ToArray(), parent, layout, layoutSubject, placement.IsExcluded, rule, ruleSubject,
            _exclude.Step(parent.Exclude, name), _excludeSystem.Step(parent.ExcludeSystem, name), _rules.Step(parent.Rules, name));
    }

    private Placement Place(Folder parent, ReadOnlySpan<byte> path, ReadOnlySpan<byte> name, bool isDirectory, out int rule, out string layoutSubject)
    {
        rule = int.MaxValue;
        layoutSubject = parent.LayoutSubject;
        if (parent.IsExcluded || _exclude.First(parent.Exclude, name, isDirectory, int.MaxValue) != int.MaxValue)
        {
            return Placement.Excluded;
        }
        var dataClass = parent.Layout switch
        {
            Layout.User => DataClass.UserFiles,
            Layout.Jar => DataClass.HoneyJars,
            Layout.Users when isDirectory => DataClass.UserFiles,
            Layout.Jars when isDirectory => DataClass.HoneyJars,
            _ => DataClass.Settings,
        };
        if (isDirectory && parent.Layout is Layout.Users or Layout.Jars)
        {
            var folder = SubjectNames.FolderOf(name);
            layoutSubject = parent.Layout == Layout.Users ? _users.SubjectOfFolder(folder, DataClass.UserFiles) : SubjectNames.OfJar(folder);
        }
        rule = _rules.First(parent.Rules, name, isDirectory, parent.Rule);
        var subject = layoutSubject;
        if (rule != int.MaxValue)
        {
            (dataClass, var template) = _ruleResults[rule];
            // What is physical mixes subjects, so that none of them can own it.
            subject = dataClass == DataClass.Physical ? SubjectNames.System
                : template is null ? layoutSubject
                : rule == parent.Rule && parent.RuleSubject is { } known ? known
                : template.Apply(path, _users, dataClass) ?? layoutSubject;
        }
        return subject == SubjectNames.System && _excludeSystem.First(parent.ExcludeSystem, name, isDirectory, int.MaxValue) != int.MaxValue
            ? Placement.Excluded
            : new Placement(false, dataClass, subject);
    }

    /// <summary>A pattern that may still match below a folder, and how far it has got.</summary>
    private readonly record struct Live(int Pattern, ulong State);

    /// <summary>The globs of one setting, in order, each made of one or more patterns.</summary>
    private sealed class Group
    {
        private readonly (GlobPattern Pattern, int Glob)[] _patterns;

        public Group(IEnumerable<string> globs)
        {
            _patterns = globs.SelectMany((glob, number) =>
                (GlobPattern.Parse(glob, out var problem) ?? throw new ArgumentException($"Glob '{glob}': {problem}.", nameof(globs))).Select(p => (p, number))).ToArray();
            Start = _patterns.Select((p, i) => new Live(i, p.Pattern.Start)).ToArray();
        }

        public Live[] Start { get; }

        /// <summary>The number of the first glob below <paramref name="limit"/> that matches the name; else the limit.</summary>
        public int First(Live[] live, ReadOnlySpan<byte> name, bool isDirectory, int limit)
        {
            foreach (var (index, state) in live)
            {
                var (pattern, glob) = _patterns[index];
                if (glob >= limit)
                {
                    break;
                }
                if (pattern.IsMatch(pattern.Step(state, name), isDirectory))
                {
                    return glob;
                }
            }
            return limit;
        }

        /// <summary>What is left of the patterns inside a folder; the same array when nothing changed.</summary>
        public Live[] Step(Live[] live, ReadOnlySpan<byte> name)
        {
            var changed = false;
            var next = new List<Live>(live.Length);
            foreach (var (index, state) in live)
            {
                var after = _patterns[index].Pattern.Step(state, name);
                changed |= after != state;
                if (after != 0)
                {
                    next.Add(new Live(index, after));
                }
            }
            return changed ? [.. next] : live;
        }
    }

    /// <summary>All that a folder decides for what is in it.</summary>
    private sealed record Folder(
        byte[] Path, Folder? Parent, Layout Layout, string LayoutSubject, bool IsExcluded, int Rule, string? RuleSubject, Live[] Exclude, Live[] ExcludeSystem, Live[] Rules)
    {
        /// <summary>True when the path is this folder or lies below it.</summary>
        public bool Holds(ReadOnlySpan<byte> path) =>
            Path.Length == 0 || (path.StartsWith(Path) && (path.Length == Path.Length || path[Path.Length] == (byte)'/'));
    }
}
