using System.Security.Cryptography;
using StingBackup.Engine.Guardian;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Restore.Clean;

/// <summary>One version of a file in a history of restore points.</summary>
/// <param name="Entry">Its tree entry.</param>
/// <param name="First">Number of the first point that holds it.</param>
/// <param name="Last">Number of the last one.</param>
internal readonly record struct FileVersion(TreeEntry Entry, int First, int Last);

/// <summary>
/// The search for damage in one file's history: asks for one version after another to be tested, and halves what is left each time. Whoever tests drives it, on whatever thread tests run.
/// </summary>
public sealed class CorruptionCase
{
    private const int LookBytes = 64 << 10;

    private readonly RepositoryReading _repository;
    private readonly SubjectHistory _history;
    private readonly IReadOnlyList<FileVersion> _versions;
    private readonly HashSet<int> _tested = [];
    private readonly Dictionary<int, ContentFacts> _facts = [];
    private int _good = -1, _bad;
    private bool _isNewestGood, _isLinear, _isUnreadable;
    private string _problem = "";

    internal CorruptionCase(RepositoryReading repository, SubjectHistory history, IReadOnlyList<FileVersion> versions)
    {
        (_repository, _history, _versions) = (repository, history, versions);
        _bad = versions.Count;
        Next = versions.Count - 1;
    }

    /// <summary>The path within the reserve.</summary>
    public string Path => _versions[^1].Entry.Path.ToString();

    /// <summary>Number of the version to test next, from the oldest; null when the search is over.</summary>
    public int? Next { get; private set; }

    /// <summary>The restore point that holds the version to test, for messages.</summary>
    public string NextBackupId => PointOf(_versions[Next ?? 0].Last).BackupId;

    /// <summary>Writes the content of the version to test into a file.</summary>
    public async ValueTask FetchAsync(string path, CancellationToken cancel)
    {
        using var content = OpenNext(cancel);
        var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None);
        await using (file.ConfigureAwait(false))
        {
            await content.CopyToAsync(file, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Tests the version by its first and last bytes and its name. What the name does not tell, the oldest version does: what was random from the beginning is so by its nature. Reads no more than it needs.
    /// </summary>
    public void TestByName(CancellationToken cancel)
    {
        var version = Next!.Value;
        var facts = FactsOf(version, cancel);
        var problem = ContentExpectation.ProblemOf(_versions[version].Entry.Path.Name, facts);
        if (problem.Length == 0 && version > 0 && ContentExpectation.MayTurn(facts))
        {
            problem = ContentExpectation.ProblemOf(facts, FactsOf(0, cancel), _versions[version].Entry.Length == _versions[0].Entry.Length);
        }
        Answer(problem.Length == 0, problem);
    }

    /// <summary>Tests the version by the SHA-256 of its content.</summary>
    public async ValueTask TestByHashAsync(ReadOnlyMemory<byte> expected, CancellationToken cancel)
    {
        using var content = OpenNext(cancel);
        var hash = await SHA256.HashDataAsync(content, cancel).ConfigureAwait(false);
        Answer(hash.AsSpan().SequenceEqual(expected.Span), $"its SHA-256 is {Convert.ToHexStringLower(hash)}");
    }

    /// <summary>The version that was asked for passes, or does not.</summary>
    public void Answer(bool isGood, string problem = "")
    {
        var tested = Next ?? throw new InvalidOperationException("The search is over.");
        _tested.Add(tested);
        if (isGood)
        {
            _good = Math.Max(_good, tested);
            _isNewestGood |= tested == _versions.Count - 1;
        }
        else
        {
            (_bad, _problem) = (tested, problem);
        }
        Next = Choose(tested, isGood);
    }

    /// <summary>The version cannot be read: the search ends.</summary>
    public void GiveUp(string problem)
    {
        (_isUnreadable, _problem, Next) = (true, problem, null);
    }

    /// <summary>How it came out; meaningful when <see cref="Next"/> is null.</summary>
    public CorruptionWindow Result()
    {
        var good = _good >= 0 ? PointOf(_versions[_good].Last) : null;
        var bad = _bad < _versions.Count ? PointOf(_versions[_bad].First) : null;
        return new CorruptionWindow
        {
            Path = Path, Subject = _history.Subject, DataClass = _history.Points[0].DataClass, Versions = _versions.Count, Tested = _tested.Count, Problem = _problem,
            Verdict = _isUnreadable ? CorruptionVerdict.Unreadable : _isNewestGood ? CorruptionVerdict.Good : good is null ? CorruptionVerdict.AlwaysBad : CorruptionVerdict.Found,
            LastGoodBackupId = good?.BackupId, LastGoodTime = good?.Time, FirstBadBackupId = bad?.BackupId, FirstBadTime = bad?.Time,
        };
    }

    /// <summary>The newest first; then the oldest; then the middle of what lies between a good and a bad one. Where the oldest is bad already there is nothing to halve: one after the other, back from the newest.</summary>
    private int? Choose(int tested, bool isGood)
    {
        var newest = _versions.Count - 1;
        if (tested == newest)
        {
            return isGood || newest == 0 ? null : 0;
        }
        if (tested == 0 && !isGood)
        {
            (_isLinear, _bad) = (true, newest);
        }
        if (_isLinear)
        {
            return isGood || _bad <= 1 ? null : _bad - 1;
        }
        return _bad - _good <= 1 ? null : _good + ((_bad - _good) / 2);
    }

    private ContentFacts FactsOf(int version, CancellationToken cancel)
    {
        if (_facts.TryGetValue(version, out var facts))
        {
            return facts;
        }
        using var content = Open(version, cancel);
        var head = new byte[Math.Min(LookBytes, content.Length)];
        content.ReadExactly(head);
        facts = ContentLook.OfWhole(head);
        if (content.Length > head.Length)
        {
            // Of what ends shortly behind the look a part of the end was read already.
            var tail = new byte[FormatEnds.TailSize];
            var known = (int)Math.Max(0, tail.Length - (content.Length - head.Length));
            head.AsSpan(head.Length - known).CopyTo(tail);
            using var end = new TreeFileStream(_repository.Reader, _history.Pseudonym, _versions[version].Entry, (content.Length - tail.Length + known, tail.Length - known), cancel);
            end.ReadExactly(tail.AsSpan(known));
            var (kind, isWhole) = ContentLook.KindOf(head, tail, content.Length);
            facts = facts with { Kind = kind, IsWhole = isWhole };
        }
        return _facts[version] = facts;
    }

    private TreeFileStream OpenNext(CancellationToken cancel) => Open(Next!.Value, cancel);

    private TreeFileStream Open(int version, CancellationToken cancel) => new(_repository.Reader, _history.Pseudonym, _versions[version].Entry, cancel);

    private ClassPoint PointOf(int number) => _history.Points[number];
}
