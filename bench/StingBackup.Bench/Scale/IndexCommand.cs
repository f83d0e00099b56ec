using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using StingBackup.Bench.Buckets;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Bench.Scale;

/// <summary>
/// Puts a run of very many chunks into an empty repository: index, trees and a signed point as a run writes them, packs of content as files of the right length without bytes. Nothing can restore it; everything
/// that goes by what is in the clear (a sweep's plan, a look-up, a listing) meets what it would meet in a repository of that size.
/// </summary>
internal sealed class IndexCommand : IDisposable
{
    private const int ChunkLength = 256 << 10, ChunksInPack = 126, SubjectsInPack = 4, ChunksInLeaf = 300, LeavesInNode = 200, ChunksInFragment = 1 << 20;

    private readonly Engine.Installation _installation;
    private readonly string _root;
    private readonly WriterIdentity _identity;
    private readonly Random _random = new(1);
    private readonly PackSlab _slab = new(PackFormat.MetaSize + (1 << 20));
    private readonly IndexContent _meta = new();
    private PageBuffer _buffer = new(PackFormat.MetaSize + (2 << 20));
    private long _dataPacks, _metaPacks;

    private IndexCommand(Engine.Installation installation)
    {
        _installation = installation;
        _root = installation.Store.Location;
        _identity = installation.IdentityOf(1);
    }

    public static async Task<int> RunAsync(string configuration, long chunks)
    {
        var watch = Stopwatch.StartNew();
        await using var installation = await SweepCommand.OpenAsync(configuration, TimeProvider.System);
        using var command = new IndexCommand(installation);
        await command.MakeAsync(chunks);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{chunks:N0} chunks in {command._dataPacks:N0} packs of content and {command._metaPacks:N0} of trees, made in {watch.Elapsed.TotalSeconds:F1} s"));
        return 0;
    }

    public void Dispose() => ((IDisposable)_buffer).Dispose();

    private async Task MakeAsync(long chunks)
    {
        var subjects = Enumerable.Range(0, 1000).Select(_ => new Subject(_random)).ToArray();
        var content = new IndexContent();
        for (long made = 0; made < chunks;)
        {
            var pack = new PackInfo(NewId(), ObjectKind.DataPack, PackFormat.DataSize);
            MakeHollow(pack);
            content.Packs.Add(pack);
            var at = PackFormat.HeaderSize;
            for (var s = 0; s < SubjectsInPack && made < chunks; s++)
            {
                var subject = subjects[_random.Next(subjects.Length)];
                content.Segments.Add(new SegmentInfo(pack, at, subject.Header));
                for (var i = 0; i < ChunksInPack / SubjectsInPack && made < chunks; i++, made++)
                {
                    var id = NewId();
                    content.Entries.Add(new ChunkEntry(id, content.Segments.Count - 1, at, ChunkLength, ChunkLength));
                    at += ChunkLength;
                    subject.Leaf.Add(id);
                    subject.Chunks++;
                    if (subject.Leaf.Count == ChunksInLeaf)
                    {
                        await CloseLeafAsync(subject);
                    }
                }
            }
            if (content.Entries.Count >= ChunksInFragment || made == chunks)
            {
                await IndexFragment.PutAsync(_installation.Store, content, _identity, 0, default);
                content = new IndexContent();
            }
        }
        var rows = new List<SubjectRow>();
        foreach (var subject in subjects.Where(s => s.Chunks > 0).OrderBy(s => s.Pseudonym))
        {
            await CloseLeafAsync(subject);
            var pages = subject.Pages.Count > 1 ? subject.Pages.Chunk(LeavesInNode).ToList() : [];
            var nodes = new List<Id32>();
            foreach (var below in pages)
            {
                nodes.Add(await StorePageAsync(subject, TreeTable.Of(1, false, below, [])));
            }
            var root = await StorePageAsync(subject, TreeTable.Of((byte)(nodes.Count > 0 ? 2 : 1), true, nodes.Count > 0 ? nodes : subject.Pages, []));
            rows.Add(new SubjectRow(subject.Pseudonym, root, subject.Chunks, subject.Chunks * ChunkLength));
        }
        var tables = new List<Id32>();
        foreach (var page in SubjectTable.Encode(rows))
        {
            tables.Add(ChunkReader.ClearId(ChunkType.SubjectPage, page));
            await AddAsync(new ClearOwner(), tables[^1], ChunkType.SubjectPage, [], page);
        }
        await FlushAsync();
        await IndexFragment.PutAsync(_installation.Store, _meta, _identity, 0, default);
        await _installation.Store.BarrierAsync(default);
        await CommitAsync(rows, tables);
    }

    private async Task CommitAsync(List<SubjectRow> rows, List<Id32> tables)
    {
        var now = _installation.NowNs - 3_600_000_000_000;
        var point = new PointRecord
        {
            Reserve = _identity.Reserve, Writer = _identity.Writer, Sequence = _identity.Sequence, Previous = default, Name = NanosecondTime.FromNs(now, 0).ToString("'backup_'yyyyMMdd'_'HHmmss", CultureInfo.InvariantCulture), TimeNs = now, CompletedNs = now,
            Classes = [new PointClass(DataClass.UserFiles, tables, rows.Count, rows.Sum(r => r.Items), rows.Sum(r => r.Length), 0)],
        };
        await _installation.Store.PutAsync(point.ObjectName, point.ToBytes(_identity.Signer), default);
    }

    /// <summary>A file of a pack's length that takes no room.</summary>
    private void MakeHollow(PackInfo pack)
    {
        var path = Path.Join(_root, pack.Name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = File.Create(path);
        file.SetLength(pack.Length);
        _dataPacks++;
    }

    private async Task CloseLeafAsync(Subject subject)
    {
        if (subject.Leaf.Count > 0)
        {
            subject.Pages.Add(await StorePageAsync(subject, TreeTable.Of(0, false, [], subject.Leaf)));
            subject.Leaf.Clear();
        }
    }

    private async Task<Id32> StorePageAsync(Subject subject, TreeTable table)
    {
        var id = NewId();
        // What a body of that many files takes, about.
        await AddAsync(subject, id, ChunkType.Tree, table.ToBytes(), RandomNumberGenerator.GetBytes(20 * (table.Chunks.Count + table.Pages.Count)));
        return id;
    }

    private async Task AddAsync(ISegmentOwner owner, Id32 id, ChunkType type, byte[] table, byte[] body)
    {
        if (!_slab.Fits(table.Length + body.Length, PackFormat.MetaSize))
        {
            await FlushAsync();
        }
        _slab.Add(owner, id, type, ChunkCodec.Raw, table, body, body.Length);
    }

    private async Task FlushAsync()
    {
        var tables = new PackAssembler(_identity.Reserve, _identity.Writer, _identity.Sequence).Assemble(_slab, ObjectKind.MetaPack, ref _buffer, out var length);
        await _installation.Store.StageAsync(tables.Pack.Name, _buffer.Memory[..length], default);
        _meta.Add(tables);
        _slab.Clear();
        _metaPacks++;
    }

    private Id32 NewId()
    {
        var bytes = new byte[Id32.Size];
        _random.NextBytes(bytes);
        return new Id32(bytes);
    }

    /// <summary>Somebody whose chunks these are.</summary>
    private sealed class Subject : ISegmentOwner
    {
        private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

        public Subject(Random random)
        {
            var bytes = new byte[Id16.Size];
            random.NextBytes(bytes);
            Pseudonym = new Id16(bytes);
            Header = new SegmentHeader
            {
                Suite = 1, Pseudonym = Pseudonym, Generation = 1, SealedKey = RandomNumberGenerator.GetBytes(113), Salt = RandomNumberGenerator.GetBytes(32), Commitment = RandomNumberGenerator.GetBytes(32),
            };
        }

        public Id16 Pseudonym { get; }
        public SegmentHeader Header { get; }
        public List<Id32> Leaf { get; } = [];
        public List<Id32> Pages { get; } = [];
        public long Chunks { get; set; }

        public (SegmentHeader Header, ChunkCipher? Cipher) NewSegment() => (Header, new ChunkCipher(_key));
    }
}
