using System.Globalization;

namespace StingBackup.Engine.Backup;

/// <summary>
/// The host's caches during one run, a file a class: the last run's to read, this run's to write. Where sources of several stages are read, a class's items do not come
/// in path order; the first stage's are kept in a file of their own until the others can be sorted in.
/// </summary>
internal sealed class RunCaches : IDisposable
{
    private const string EarlyName = ".early", NewName = ".new";

    private readonly Installation _installation;
    private readonly bool _reads;
    private readonly Action<string> _warn;
    private readonly Dictionary<DataClass, HostCacheWriter> _early, _written;
    private readonly List<HostCacheReader> _readers = [];

    /// <param name="installation">Where they lie, and under which key.</param>
    /// <param name="classes">The run's classes.</param>
    /// <param name="isStaged">Whether sources of more than the first stage are read.</param>
    /// <param name="reads">Whether the last run's are used.</param>
    /// <param name="warn">Told when one cannot be used.</param>
    public RunCaches(Installation installation, IReadOnlyCollection<DataClass> classes, bool isStaged, bool reads, Action<string> warn)
    {
        _installation = installation;
        _reads = reads;
        _warn = warn;
        _written = classes.ToDictionary(c => c, c => new HostCacheWriter(PathOf(c) + NewName, Key));
        _early = classes.Where(_ => isStaged).ToDictionary(c => c, c => new HostCacheWriter(PathOf(c) + EarlyName, Key));
    }

    /// <summary>Whether the class has items to come from a later stage.</summary>
    public bool IsStaged(DataClass dataClass) => _early.ContainsKey(dataClass);

    /// <summary>The cache that the next run will read; takes items in path order.</summary>
    public HostCacheWriter Of(DataClass dataClass) => _written[dataClass];

    /// <summary>Keeps the first stage's items of a staged class, in path order.</summary>
    public HostCacheWriter EarlyOf(DataClass dataClass) => _early[dataClass];

    /// <summary>Told of a cache that cannot be read in a run that takes from it what did not change; null where it costs no more than reading.</summary>
    public Action<DataClass, string>? Damaged { get; set; }

    /// <summary>Whether files are not read that look as they did in the last run.</summary>
    public bool IsReused => _reads;

    /// <summary>The last run's caches, each from its beginning. Where nothing is read by them, one that cannot be used only counts less.</summary>
    public IReadOnlyDictionary<DataClass, HostCacheReader> OpenLast()
    {
        var readers = _written.Keys.ToDictionary(c => c, c => new HostCacheReader(PathOf(c), Key, Damaged is { } damaged ? problem => damaged(c, problem) : _reads ? _warn : static _ => { }));
        _readers.AddRange(readers.Values);
        return readers;
    }

    /// <summary>The first stage's items of a staged class, and leaves that go on as they are.</summary>
    /// <exception cref="StingException"><c>CacheNotReadable</c>: they are needed, so that cannot be passed over</exception>
    public IEnumerable<(CachedLeaf? Leaf, CachedItem? Item)> ReadEarly(DataClass dataClass)
    {
        var path = PathOf(dataClass) + EarlyName;
        _early[dataClass].Close();
        using var reader = new HostCacheReader(path, Key, problem => throw new StingException("CacheNotReadable", FailureKind.Io,
            $"What this run has read of {dataClass} cannot be read back from '{path}': {problem}", path, "Look at the disk that holds cache_directory; then run the backup again."));
        while (true)
        {
            if (reader.NextLeaf() is { } leaf)
            {
                reader.TakeLeaf();
                yield return (leaf, null);
            }
            else if (reader.Next() is { } item)
            {
                yield return (null, item);
            }
            else
            {
                yield break;
            }
        }
    }

    /// <summary>Puts this run's in place of the last run's.</summary>
    /// <param name="classes">The classes that were committed.</param>
    /// <param name="sequence">The run's number. Noted last: what a killed run leaves is never taken for the cache of a point that it is not of.</param>
    public void Commit(IEnumerable<DataClass> classes, long sequence)
    {
        foreach (var dataClass in classes)
        {
            _written[dataClass].Close();
            File.Delete(ScanWitness.PathOf(_installation, dataClass));   // it speaks of the cache that goes
            File.Move(PathOf(dataClass) + NewName, PathOf(dataClass), overwrite: true);
            File.WriteAllText(RunFileOf(dataClass), sequence.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>The number of the run that the last cache of a class is of; null where that is not known.</summary>
    public long? LastRunOf(DataClass dataClass)
    {
        try
        {
            return long.TryParse(File.ReadAllText(RunFileOf(dataClass)), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? sequence : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The last run's items of a class, whether or not this run reads by them. Ends early, and says so, where the cache cannot be read.</summary>
    public IEnumerable<CachedItem> ReadLast(DataClass dataClass, Action damaged)
    {
        using var reader = new HostCacheReader(PathOf(dataClass), Key, _ => damaged());
        while (reader.Next() is { } item)
        {
            yield return item;
        }
    }

    private ReadOnlySpan<byte> Key => _installation.CacheKey.Span;

    private string RunFileOf(DataClass dataClass) => Path.ChangeExtension(PathOf(dataClass), ".run");

    private string PathOf(DataClass dataClass) => _installation.CachePath(dataClass);

    public void Dispose()
    {
        foreach (var disposable in _written.Values.Concat(_early.Values).Concat<IDisposable>(_readers))
        {
            disposable.Dispose();
        }
    }
}
