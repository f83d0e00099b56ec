using System.IO.Hashing;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Chunking;
using StingBackup.Engine.Guardian;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tests.Guardian.Simulation;

/// <summary>A person's files in memory, and runs over them: what changed goes through the engine's own look, cutter, compression and counters, as a backup would bring it there.</summary>
internal sealed class SimulatedSubject : IDisposable
{
    private const int SmallFile = 64 << 10;
    private static readonly HashSet<string> NoHoneypots = [];

    private readonly Dictionary<string, (ContentFacts Facts, long Length)> _before = new(StringComparer.Ordinal);
    private readonly HashSet<string> _touched = new(StringComparer.Ordinal);
    private readonly HashSet<UInt128> _chunks = [];
    private readonly FastCdc _cutter;
    private readonly Codec _codec = new(3);
    private readonly byte[] _scratch = new byte[Codec.Bound(2 << 20)];
    private readonly IReadOnlySet<string> _honeypots;
    private readonly List<(int Tick, string Name, Action Action)> _plans = [];
    private int _ticks;
    private long _sequence;

    public SimulatedSubject(int seed, IReadOnlySet<string>? honeypots = null)
    {
        Random = new SimulatedRandom(seed);
        var key = new byte[32];
        Random.NextBytes(key);
        _cutter = new FastCdc(new GearTable(key), ChunkSizes.Documents);
        _honeypots = honeypots ?? NoHoneypots;
    }

    public Random Random { get; }
    public Dictionary<string, (Format Format, byte[] Content)> Files { get; } = new(StringComparer.Ordinal);
    public SubjectMemory Memory { get; private set; } = new(default, default);

    /// <summary>Does something later.</summary>
    public void Plan(int ticks, string name, Action action) => _plans.Add((_ticks + ticks, name, action));

    /// <summary>A quarter of an hour passes; returns what of the planned things was done in it.</summary>
    public IReadOnlyList<string> Pass()
    {
        _ticks++;
        var due = _plans.FindAll(p => p.Tick <= _ticks);
        due.ForEach(p => p.Action());
        _plans.RemoveAll(p => p.Tick <= _ticks);
        return [.. due.Select(p => p.Name)];
    }

    public void Put(string path, Format format, byte[] content)
    {
        Files[path] = (format, content);
        _touched.Add(path);
    }

    public void Delete(string path)
    {
        Files.Remove(path);
        _touched.Add(path);
    }

    public void Rename(string path, string to)
    {
        var (format, content) = Files[path];
        Delete(path);
        Put(to, format, content);
    }

    public string Any() => Files.Keys.ElementAt(Random.Next(Files.Count));

    /// <summary>The first run: everything is new, nothing is judged.</summary>
    public void Begin()
    {
        foreach (var path in Files.Keys)
        {
            _before[path] = (Look(path, out _, out _), Files[path].Content.Length);
        }
        _touched.Clear();
    }

    /// <summary>A run; null when nothing happened.</summary>
    public (AnomalyVerdict Verdict, SubjectActivity Activity)? Run(long timeNs)
    {
        _sequence++;
        return Count() is not { IsIdle: false } activity ? null : (AnomalyModel.Judge(Memory, activity, timeNs, _sequence, isWhole: false), activity);
    }

    /// <summary>What a run counts.</summary>
    public SubjectActivity? Count()
    {
        if (_touched.Count == 0)
        {
            return null;
        }
        var tally = new SubjectTally(DataClass.UserFiles, KnownNames.Carried, _honeypots);
        for (var kept = Files.Count - _touched.Count(Files.ContainsKey); kept > 0; kept--)
        {
            tally.Keep();
        }
        long fresh = 0, stored = 0;
        foreach (var path in _touched.Order(StringComparer.Ordinal))
        {
            var raw = Encoding.UTF8.GetBytes(path);
            var known = _before.TryGetValue(path, out var before);
            if (!Files.TryGetValue(path, out var file))
            {
                if (known)
                {
                    tally.Lose(new FileSight(raw, before.Facts, before.Length));
                    _before.Remove(path);
                }
                continue;
            }
            var facts = Look(path, out var bytesNew, out var bytesStored);
            (fresh, stored) = (fresh + bytesNew, stored + bytesStored);
            var sight = new FileSight(raw, facts, file.Content.Length);
            if (known)
            {
                tally.Reread(sight, before.Facts, before.Length);
            }
            else
            {
                tally.Add(sight);
            }
            _before[path] = (facts, file.Content.Length);
        }
        _touched.Clear();
        return tally.Finish(fresh, stored);
    }

    /// <summary>Somebody says that all is well.</summary>
    public void Settle() => Memory.Settle();

    public void Dispose() => _codec.Dispose();

    private ContentFacts Look(string path, out long bytesNew, out long bytesStored)
    {
        (bytesNew, bytesStored) = (0, 0);
        var content = Files[path].Content;
        if (content.Length < SmallFile)
        {
            Store(content, ref bytesNew, ref bytesStored);
            return ContentLook.OfWhole(content);
        }
        var look = new LongLook();
        look.Begin(content);
        look.End(content, content.Length);
        var extents = new List<Extent>();
        Span<byte> id = stackalloc byte[32];
        for (var from = 0; from < content.Length;)
        {
            var length = _cutter.Cut(content.AsSpan(from));
            var chunk = content.AsSpan(from, length);
            look.Chunk(chunk);
            var hash = Store(chunk, ref bytesNew, ref bytesStored);
            id.Clear();
            System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(id, hash);
            extents.Add(new Extent(new Id32(id), 0, length));
            from += length;
        }
        return look.Facts(extents);
    }

    private UInt128 Store(ReadOnlySpan<byte> chunk, ref long bytesNew, ref long bytesStored)
    {
        var hash = XxHash128.HashToUInt128(chunk);
        if (_chunks.Add(hash) && chunk.Length > 0)
        {
            var (codec, length) = _codec.Compress(chunk, _scratch);
            bytesNew += chunk.Length;
            bytesStored += codec == ChunkCodec.Raw ? chunk.Length : length;
        }
        return hash;
    }
}
