using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using StingBackup.Bench.Buckets;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Chunking;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Sources;

namespace StingBackup.Bench.Scale;

/// <summary>
/// Puts very many restore points into a new repository: a quarter of an hour apart, each with one file of sixteen changed, chained, signed and encrypted as a run writes them. What it makes verifies and restores;
/// only the looks at the store that each run begins with are left out. An index fragment stands for each day, and session objects for the last one: that is what a daily sweep leaves.
/// </summary>
internal sealed class PointsCommand : IDisposable, ITreePageSink
{
    private const int Files = 16, PointsInDay = 96, Length = 200, SlabLength = 1 << 20;
    private static readonly TimeSpan Apart = TimeSpan.FromMinutes(15);

    private readonly Engine.Installation _installation;
    private readonly RunSubject _subject;
    private readonly ChunkIds _ids;
    private readonly PackSlab _data = new(SlabLength), _meta = new(SlabLength);
    private readonly TreeEntry[] _entries;
    private readonly RandomNumberGenerator _random = RandomNumberGenerator.Create();
    private PageBuffer _buffer = new(2 * SlabLength);
    private IndexContent _content = new();

    private PointsCommand(Engine.Installation installation, SubjectWriteKeys keys)
    {
        _installation = installation;
        _subject = new RunSubject(keys, installation.Reserve, _random);
        _ids = new ChunkIds(keys.IdKey);
        _entries = [.. Enumerable.Range(0, Files).Select(i => new TreeEntry { Path = EntryPath.Parse($"reports/scale/{i:00}.txt"), Kind = ItemKind.File, Metadata = new ItemMetadata { Mode = 0x1a4 } })];
    }

    public static async Task<int> RunAsync(string configuration, int count)
    {
        var watch = Stopwatch.StartNew();
        await using var installation = await SweepCommand.OpenAsync(configuration, TimeProvider.System);
        await foreach (var _ in installation.Store.ListAsync("points/", default))
        {
            throw new FormatException($"'{installation.Store.Location}' has restore points; this wants an empty repository.");
        }
        using var command = new PointsCommand(installation, await installation.Subjects.GetAsync("system", default));
        await command.MakeAsync(count);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count:N0} restore points, made in {watch.Elapsed.TotalSeconds:F1} s"));
        return 0;
    }

    public void Dispose()
    {
        ((IDisposable)_buffer).Dispose();
        _ids.Dispose();
        _subject.Dispose();
        _random.Dispose();
    }

    Id32 ITreePageSink.Store(TreeTable table, ReadOnlySpan<byte> body)
    {
        var tableBytes = table.ToBytes();
        var id = _ids.Compute((byte)ChunkType.Tree, tableBytes, body);
        _meta.Add(_subject, id, ChunkType.Tree, ChunkCodec.Raw, tableBytes, body, body.Length);
        return id;
    }

    private async Task MakeAsync(int count)
    {
        // The newest is a quarter of an hour old, so that a real run follows it.
        var begin = _installation.Clock.GetUtcNow() - Apart * count;
        var previous = default(Id32);
        for (var i = 0; i < count;)
        {
            var day = Math.Min(count, i + PointsInDay);
            var points = new List<(string Name, byte[] Bytes)>();
            for (; i < day; i++)
            {
                var identity = _installation.IdentityOf(i + 1);
                var bytes = await MakePointAsync(identity, previous, begin + Apart * i, points, hasSession: i >= count - PointsInDay);
                previous = PointRecord.HashOf(bytes);
            }
            await _installation.Store.BarrierAsync(default);
            await IndexFragment.PutAsync(_installation.Store, _content, _installation.IdentityOf(i), 0, default);
            _content = new IndexContent();
            foreach (var (name, bytes) in points)
            {
                await _installation.Store.StageAsync(name, bytes, default);
            }
            await _installation.Store.BarrierAsync(default);
        }
    }

    private async Task<byte[]> MakePointAsync(WriterIdentity identity, Id32 previous, DateTimeOffset time, List<(string Name, byte[] Bytes)> points, bool hasSession)
    {
        var changed = identity.Sequence == 1 ? Enumerable.Range(0, Files) : [(int)(identity.Sequence % Files)];
        foreach (var file in changed)
        {
            var content = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{file} at {identity.Sequence} ").PadRight(Length, '.'));
            var id = _ids.Compute((byte)ChunkType.Data, content);
            _data.Add(_subject, id, ChunkType.Data, ChunkCodec.Raw, [], content, content.Length);
            _entries[file] = _entries[file] with { Length = Length, Extents = [new Extent(id, 0, Length)], Metadata = _entries[file].Metadata with { ModifiedNs = NanosecondTime.ToNs(time) } };
        }
        var builder = new TreeBuilder(_subject.Keys.Name, _subject.Seed, this);
        foreach (var entry in _entries)
        {
            builder.Add(entry);
        }
        var tree = builder.Finish();
        var tables = new List<Id32>();
        foreach (var page in SubjectTable.Encode([new SubjectRow(_subject.Pseudonym, tree.Root, tree.Items, tree.Length)]))
        {
            tables.Add(ChunkReader.ClearId(ChunkType.SubjectPage, page));
            _meta.Add(new ClearOwner(), tables[^1], ChunkType.SubjectPage, ChunkCodec.Raw, [], page, page.Length);
        }
        await FlushAsync(identity, _data, ObjectKind.DataPack);
        await FlushAsync(identity, _meta, ObjectKind.MetaPack);
        var ns = NanosecondTime.ToNs(time);
        var point = new PointRecord
        {
            Reserve = identity.Reserve, Writer = identity.Writer, Sequence = identity.Sequence, Previous = previous, Name = BackupId.NextFree(time, _installation.Zone, static _ => false), TimeNs = ns, CompletedNs = ns,
            OffsetMinutes = (int)TimeZoneInfo.ConvertTime(time, _installation.Zone).Offset.TotalMinutes, LedgerHead = _installation.Ledger.Head,
            Classes = [new PointClass(DataClass.Reports, tables, 1, tree.Items, tree.Length, 0)],
        };
        var bytes = point.ToBytes(identity.Signer);
        if (hasSession)
        {
            var session = new SessionRecord(identity, ns);
            points.Add((session.ObjectName, session.ToBytes()));
        }
        points.Add((point.ObjectName, bytes));
        return bytes;
    }

    private async Task FlushAsync(WriterIdentity identity, PackSlab slab, ObjectKind kind)
    {
        var tables = new PackAssembler(identity.Reserve, identity.Writer, identity.Sequence).Assemble(slab, kind, ref _buffer, out var length);
        await _installation.Store.StageAsync(tables.Pack.Name, _buffer.Memory[..length], default);
        _content.Add(tables);
        slab.Clear();
    }
}
