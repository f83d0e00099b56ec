using StingBackup.Engine.Basics;
using StingBackup.Engine.Changes;
using StingBackup.Engine.Jobs;

namespace StingBackup.Engine.Backup;

/// <summary>
/// What a journal of changes is worth to one run: the changes since the caches were made, where it covers all that time without a gap; else nothing, and the run scans everything and says why. A full scan beside a journal
/// that covers the time is its proof: what changed and was not told ends the trust in it.
/// </summary>
internal sealed class ScanWitness
{
    /// <summary>More are not remembered: one is enough to end the trust.</summary>
    private const int MostSuspects = 1000;

    private readonly Installation _installation;
    private readonly JobOutput _output;
    private readonly ChangeJournal _journal;
    private readonly RunCaches _caches;
    private readonly JournalMoment? _now;
    private readonly Dictionary<DataClass, ScanMark> _marks = [];
    private readonly Dictionary<DataClass, HashSet<EntryPath>> _revisit = [];
    private readonly List<EntryPath> _suspects = [];
    private readonly JournalMoment? _from;
    private readonly ChangeSet? _told;
    private readonly Lock _lock = new();
    private readonly string? _settings;
    private bool _isLacking;

    /// <summary>Asks the journal, before anything is scanned.</summary>
    public ScanWitness(Installation installation, IReadOnlyCollection<DataClass> classes, RunCaches caches, JobOutput output)
    {
        (_installation, _output, _caches, _settings) = (installation, output, caches, installation.ScanSettings);
        _journal = new ChangeJournal(installation.StateFolder, installation.WatchedFolders);
        (_now, var why) = _journal.Ask();
        if (_now is not { } now)
        {
            Note = $"Everything is scanned: {why}";
            _output.Warn(Note);
            return;
        }
        why = Lack(now, classes, caches);
        if (why is null)
        {
            _from = new JournalMoment(now.Generation, _marks.Values.Min(m => m.Moment.Position));
            _told = _journal.Read(_from, now);
            why = _told is null ? "the journal of changes cannot be read" : null;
        }
        if (_told is null)
        {
            Note = $"Everything is scanned: {why}.";
            _output.Tell(Note);
            return;
        }
        foreach (var folder in _marks.Values.SelectMany(m => m.Revisit).Concat(FoldersOf(_told.Inodes)).ToList())
        {
            _told.AddFolder(folder);
        }
        var fullNs = _marks.Values.Min(m => m.FullNs);
        if (!caches.IsReused || (installation.NowNs - fullNs) / 100 >= installation.Journal!.FullScanEvery.Ticks || fullNs > installation.NowNs)
        {
            Note = "Everything is scanned: it is time for it, and the proof of the journal of changes.";
            _output.Explain(Note);
            return;
        }
        Changes = _told;
        Note = $"The journal of changes tells of {_told.Folders:N0} folders and {_told.Trees:N0} items that came, went or moved; nothing else is scanned.";
        _output.Explain(Note);
    }

    /// <summary>The only items that the scan of folders must look at; null for all.</summary>
    public ChangeSet? Changes { get; }

    /// <summary>Whether the scan proves the journal.</summary>
    public bool Proves => _told is not null && Changes is null;

    /// <summary>How it was scanned, and why.</summary>
    public string Note { get; }

    /// <summary>The next run looks at an item's folder, whatever the journal tells.</summary>
    public void Revisit(DataClass dataClass, EntryPath item)
    {
        lock (_lock)
        {
            (_revisit.TryGetValue(dataClass, out var folders) ? folders : _revisit[dataClass] = []).Add(item.Parent);
        }
    }

    /// <summary>Something could not be looked at: the next run scans everything.</summary>
    public void Lacks() => Volatile.Write(ref _isLacking, true);

    /// <summary>An item is not as the cache has it.</summary>
    public void Changed(EntryPath path)
    {
        if (!_told!.Visits(path) && _suspects.Count < MostSuspects)
        {
            _suspects.Add(path);
        }
    }

    /// <summary>A scan that left out what is clean must have met all that the cache holds; a cache that lost some of it would lose files.</summary>
    /// <exception cref="StingException"><c>CacheNotReadable</c></exception>
    public void RequireWhole(DataClass dataClass, long items)
    {
        if (_marks[dataClass].Items != items)
        {
            throw Damaged(_installation, dataClass, $"it gave {items} of {_marks[dataClass].Items} items");
        }
    }

    /// <summary>The cache of a class cannot be read after all. The next run does not rely on it.</summary>
    public static StingException Damaged(Installation installation, DataClass dataClass, string problem)
    {
        File.Delete(PathOf(installation, dataClass));
        return new StingException("CacheNotReadable", FailureKind.Io, $"The host's cache of {dataClass}, from which this run took what did not change, cannot be read: {problem}", installation.CachePath(dataClass),
            "Run the backup again: it scans everything. Then look at the disk that holds cache_directory.");
    }

    /// <summary>The scan is through: what changed meanwhile may have been seen by it and is asked for, so that only what was never told is held against the journal.</summary>
    public void Prove()
    {
        if (!Proves || _suspects.Count == 0 || _journal.Ask().Moment is not { } end || _journal.Read(_from!, end) is not { } all)
        {
            return;
        }
        all.Add(_told!);
        foreach (var folder in FoldersOf(all.Inodes).ToList())
        {
            all.AddFolder(folder);
        }
        var missed = _suspects.Where(p => !all.Visits(p)).ToList();
        if (missed.Count > 0)
        {
            var failure = _journal.Distrust(_now!.Generation, missed.Count, missed[0]);
            _output.Warn($"{failure.Message} {failure.Remedy}");
            Lacks();
        }
    }

    /// <summary>The run is committed, and its caches stand in their places.</summary>
    public void Commit(IEnumerable<DataClass> kept, long sequence, RunCaches caches)
    {
        foreach (var dataClass in kept)
        {
            var path = PathOf(_installation, dataClass);
            if (_now is not { } now || _isLacking || _settings is null)
            {
                File.Delete(path);
                continue;
            }
            try
            {
                new ScanMark(now, _settings!, sequence, caches.Of(dataClass).Count, new FileInfo(_installation.CachePath(dataClass)).Length,
                    Changes is null ? _installation.NowNs : _marks[dataClass].FullNs, [.. _revisit.GetValueOrDefault(dataClass, [])]).Write(path, _installation.CacheKey.Span);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _output.Warn($"How far the journal of changes was used cannot be noted in '{path}' ({e.Message}): the next run scans everything.");
            }
        }
    }

    /// <summary>What is noted of a class before a run replaces its cache; gone, the next run scans everything.</summary>
    public static string PathOf(Installation installation, DataClass dataClass) => Path.ChangeExtension(installation.CachePath(dataClass), ".mark");

    /// <summary>Where files stand that got another name or lost one; the journal knows them by their inode alone.</summary>
    private IEnumerable<EntryPath> FoldersOf(IReadOnlySet<ulong> inodes) =>
        inodes.Count == 0 ? [] : _marks.Keys.SelectMany(c => _caches.ReadLast(c, static () => { })).Where(item => inodes.Contains(item.Stamp.Inode)).Select(item => item.Entry.Path.Parent);

    /// <summary>Why the journal does not cover the time since the caches were made; null where it does.</summary>
    private string? Lack(JournalMoment now, IReadOnlyCollection<DataClass> classes, RunCaches caches)
    {
        foreach (var dataClass in classes)
        {
            if (ScanMark.TryRead(PathOf(_installation, dataClass), _installation.CacheKey.Span) is not { } mark)
            {
                return $"no earlier scan of {dataClass} is known that the journal could go on from";
            }
            if (mark.Moment.Generation != now.Generation)
            {
                return $"the journal of changes began anew since ({_journal.Beginning})";
            }
            if (mark.Settings != _settings)
            {
                return "the configuration or the users map changed since the last scan";
            }
            var cache = new FileInfo(_installation.CachePath(dataClass));
            if (mark.Run != caches.LastRunOf(dataClass) || !cache.Exists || cache.Length != mark.Length || mark.Moment.Position > now.Position)
            {
                return $"the host's cache of {dataClass} is not the one that the last scan left";
            }
            _marks.Add(dataClass, mark);
        }
        return null;
    }
}
