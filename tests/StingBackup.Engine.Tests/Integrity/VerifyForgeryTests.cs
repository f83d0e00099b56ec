using System.Security.Cryptography;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Integrity;

/// <summary>What somebody with a host's own keys could write: packs whose name is right and whose content is not.</summary>
public sealed class VerifyForgeryTests(SampleRepository sample) : IClassFixture<SampleRepository>
{
    [Fact]
    public async Task A_pack_of_changed_bytes_under_their_own_name_is_named()
    {
        var (name, bytes) = sample.Objects.First(o => o.Key.StartsWith("data/", StringComparison.Ordinal));
        var objects = sample.Copy();
        var forged = Verify.Flip(bytes, bytes.Length / 2);
        var pack = Replace(objects, name, forged);
        var result = await Verify.RunAsync(sample, objects);
        var fault = Assert.Single(result.Faults);
        Assert.Equal(pack.Name, fault.Object);
        await Verify.AgreesWithReaderAsync(sample, objects, result);
        // Without keys there is nothing to see: name, footer and index agree.
        Assert.Empty((await Verify.RunAsync(sample, objects, IntegrityLevel.Packs)).Faults);
    }

    [Fact]
    public async Task Content_that_was_sealed_well_under_a_false_id_is_named()
    {
        await using var opened = await sample.OpenAsync(new MemoryObjectStore(sample.Objects), "forge");
        using var subject = new RunSubject(await opened.Subjects.GetAsync("system", default), sample.Keys.ReserveId, opened.Random);
        var place = (await RowsAsync("system")).First(r => r.Segment.Pack.Kind == ObjectKind.DataPack);

        // The true chunk's id, another content of the same length: tag and commitment fit.
        var slab = new PackSlab(1 << 20);
        slab.Add(subject, place.Entry.Id, ChunkType.Data, ChunkCodec.Raw, [], SampleRepository.Noise(5, place.Entry.RawLength), place.Entry.RawLength);
        var target = new PageBuffer(1);
        var tables = new PackAssembler(sample.Keys.ReserveId, sample.Keys.WriterId, 1).Assemble(slab, ObjectKind.DataPack, ref target, out var length);
        var objects = sample.Copy();
        objects[tables.Pack.Name] = target.Memory[..length].ToArray();
        var content = new IndexContent();
        content.Add(tables);
        Put(objects, content);

        // Beside the true one it hits nothing, and is named all the same.
        var result = await Verify.RunAsync(sample, objects);
        var fault = Assert.Single(result.Faults);
        Assert.Equal((tables.Pack.Name, 0L), (fault.Object, fault.FileCount));
        Assert.Contains("does not give its id", fault.Problem, StringComparison.Ordinal);

        // Where the true one is gone, it is no help.
        objects.Remove(place.Segment.Pack.Name);
        result = await Verify.RunAsync(sample, objects);
        Assert.Equal(new[] { tables.Pack.Name, place.Segment.Pack.Name }.Order(StringComparer.Ordinal), result.Faults.Select(f => f.Object));
        Assert.Contains(result.Faults.Single(f => f.Object == tables.Pack.Name).Files, f => f.EndsWith("config/app.conf", StringComparison.Ordinal));
        await Verify.AgreesWithReaderAsync(sample, objects, result);
    }

    [Fact]
    public async Task An_index_that_points_beside_the_chunks_is_named_by_the_pack()
    {
        var (name, bytes) = sample.Objects.First(o => o.Key.StartsWith("data/", StringComparison.Ordinal));
        var objects = sample.Copy();
        var tables = PackReader.ReadTables(new PackInfo(ObjectKinds.IdIn(name), ObjectKind.DataPack, bytes.Length), bytes, sample.Keys.ReserveId);
        var entries = tables.Entries.ToArray();
        entries[0] = entries[0] with { Offset = entries[0].Offset + 1 };
        Index(objects, name, tables with { Entries = entries });
        var result = await Verify.RunAsync(sample, objects);
        Assert.Equal(name, Assert.Single(result.Faults).Object);
        Assert.Contains("disagree", result.Faults[0].Problem, StringComparison.Ordinal);
        await Verify.AgreesWithReaderAsync(sample, objects, result);
        Assert.Equal(name, Assert.Single((await Verify.RunAsync(sample, objects, IntegrityLevel.Packs)).Faults).Object);
    }

    [Fact]
    public async Task A_signed_index_with_rows_outside_its_packs_is_itself_damaged()
    {
        var (name, bytes) = sample.Objects.First(o => o.Key.StartsWith("data/", StringComparison.Ordinal));
        var objects = sample.Copy();
        var tables = PackReader.ReadTables(new PackInfo(ObjectKinds.IdIn(name), ObjectKind.DataPack, bytes.Length), bytes, sample.Keys.ReserveId);
        var entries = tables.Entries.ToArray();
        entries[0] = entries[0] with { Offset = bytes.Length - 5 };
        var fragment = Index(objects, name, tables with { Entries = entries });
        var fault = Assert.Single((await Verify.RunAsync(sample, objects)).Faults);
        Assert.Equal((fragment, 0L), (fault.Object, fault.FileCount));
    }

    private async Task<List<ChunkPlace>> RowsAsync(string subject)
    {
        await using var opened = await sample.OpenAsync(new MemoryObjectStore(sample.Objects), "forge");
        var pseudonym = (await opened.Subjects.GetAsync(subject, default)).Pseudonym;
        var view = await RepositoryView.LoadAsync(opened.Store, sample.Keys.ReserveId, opened.Writers, default);
        return [.. Enumerable.Range(0, (int)view.Index.Count).Select(rank => view.Index.TryPlaceAt(rank, out var place) ? place : default)
            .Where(p => p.Segment.Header.Pseudonym == pseudonym)];
    }

    /// <summary>Puts forged bytes into a pack's place, under the name that they give, and an index that names it instead.</summary>
    private PackInfo Replace(Dictionary<string, ReadOnlyMemory<byte>> objects, string name, byte[] forged)
    {
        objects.Remove(name);
        var pack = new PackInfo(new Id32(SHA256.HashData(forged)), ObjectKind.DataPack, forged.Length);
        objects[pack.Name] = forged;
        Index(objects, name, PackReader.ReadTables(pack, forged, sample.Keys.ReserveId));
        return pack;
    }

    /// <summary>Rewrites the one fragment that names a pack, with other tables for it. Returns its name.</summary>
    private string Index(Dictionary<string, ReadOnlyMemory<byte>> objects, string packName, PackTables instead)
    {
        foreach (var (name, bytes) in objects.Where(o => o.Key.StartsWith("index/", StringComparison.Ordinal)).ToList())
        {
            var fragment = IndexFragment.Read(name, bytes, sample.Keys.ReserveId, _ => sample.Keys.Signer.PublicKey);
            if (fragment.Packs.Any(p => p.Name == packName))
            {
                var content = new IndexContent();
                foreach (var pack in fragment.Packs.Where(p => p.Name != packName))
                {
                    content.Add(PackReader.ReadTables(pack, objects[pack.Name], sample.Keys.ReserveId));
                }
                content.Add(instead);
                objects.Remove(name);
                return Put(objects, content);
            }
        }
        throw new InvalidOperationException("no fragment names it");
    }

    private string Put(Dictionary<string, ReadOnlyMemory<byte>> objects, IndexContent content)
    {
        var bytes = IndexFragment.Write(content, sample.Keys.ReserveId, sample.Keys.WriterId, 1, 0, sample.Keys.Signer);
        var name = new FragmentName(0, new Id32(SHA256.HashData(bytes))).Name;
        objects[name] = bytes;
        return name;
    }
}
