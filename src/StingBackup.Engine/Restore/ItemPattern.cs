using StingBackup.Engine.Basics;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Restore;

/// <summary>
/// A name, path or glob as a person writes it. Paths and globs with a slash count from the reserve's root or from the subject's own folder;
/// names and globs without one are looked for anywhere within that folder.
/// </summary>
internal sealed class ItemPattern
{
    private readonly byte[] _exact;
    private readonly bool _isName;
    private readonly IReadOnlyList<GlobPattern> _globs;

    private ItemPattern(byte[] exact, bool isName, IReadOnlyList<GlobPattern> globs) => (_exact, _isName, _globs) = (exact, isName, globs);

    /// <summary>Reads a pattern. The text itself counts as a name or path too, so that <c>report[1].pdf</c> finds the file of this name.</summary>
    /// <exception cref="StingException"><c>FileNotUnderstood</c></exception>
    public static ItemPattern Parse(string text)
    {
        var globs = GlobPattern.Parse(text, out var problem);
        try
        {
            var exact = EntryPath.Parse(text).Bytes.ToArray();
            if (globs is not null || exact.Length > 0)
            {
                return new ItemPattern(exact, !text.TrimEnd('/').Contains('/', StringComparison.Ordinal), globs ?? []);
            }
        }
        catch (StingException e) when (e.ErrorId == "NameNotAllowed")
        {
            problem ??= e.Message;
        }
        throw new StingException("FileNotUnderstood", FailureKind.InvalidArgument, $"'{text}' is no name, path or glob: {problem}.", text,
            "Write a name (report.pdf), a path (docs/report.pdf) or a glob (docs/**/*.pdf).");
    }

    /// <summary>Whether it is a name, or a glob of one, that may stand in any folder.</summary>
    public bool IsName => _isName;

    /// <summary>Whether it means what somebody calls so, wherever that lies.</summary>
    public bool MatchesName(string name)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(name);
        return _isName && (bytes.AsSpan().SequenceEqual(_exact) || _globs.Any(glob => glob.MatchesItself(bytes, false)));
    }

    /// <summary>Whether the pattern means this very item.</summary>
    public bool Matches(string subject, EntryPath path, bool isDirectory)
    {
        var own = PointTree.Own(subject, path.Bytes);
        if (_isName ? !own.IsEmpty && path.Name.SequenceEqual(_exact) : path.Bytes.SequenceEqual(_exact) || own.SequenceEqual(_exact))
        {
            return true;
        }
        foreach (var glob in _globs)
        {
            if ((!own.IsEmpty && glob.MatchesItself(own, isDirectory)) || (!_isName && glob.MatchesItself(path.Bytes, isDirectory)))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Whether the pattern means this item or a folder that it is in.</summary>
    public bool MatchesOrAbove(string subject, EntryPath path, bool isDirectory)
    {
        var own = PointTree.Own(subject, path.Bytes);
        if (_isName ? HasComponent(own, _exact) : IsWithin(path.Bytes, _exact) || IsWithin(own, _exact))
        {
            return true;
        }
        foreach (var glob in _globs)
        {
            if ((!own.IsEmpty && glob.Matches(own, isDirectory)) || (!_isName && glob.Matches(path.Bytes, isDirectory)))
            {
                return true;
            }
        }
        return false;
    }

    private static bool IsWithin(ReadOnlySpan<byte> path, ReadOnlySpan<byte> folder) =>
        path.StartsWith(folder) && (path.Length == folder.Length || path[folder.Length] == (byte)'/');

    private static bool HasComponent(ReadOnlySpan<byte> path, ReadOnlySpan<byte> name)
    {
        foreach (var range in path.Split((byte)'/'))
        {
            if (path[range].SequenceEqual(name))
            {
                return true;
            }
        }
        return false;
    }
}
