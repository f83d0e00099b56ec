using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Repository;

/// <summary>Packs of short texts in a store. A text behind "=" is in the clear, others are the subject's.</summary>
internal sealed class TestPacks(IObjectStore store)
{
    public TestSubject Subject { get; } = new();

    public Id32 IdOf(string text) => text[0] == '=' ? ChunkReader.ClearId(ChunkType.SubjectPage, Bytes(text)) : ChunkIds.Compute(Subject.IdKey, (byte)ChunkType.Data, Bytes(text));

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);

    /// <summary>Stores a pack, and gives the fragment that names it.</summary>
    public async Task<IndexFragment> AddAsync(string fragment, params string[] texts)
    {
        var slab = new PackSlab(1 << 16);
        foreach (var text in texts)
        {
            var isClear = text[0] == '=';
            slab.Add(isClear ? new ClearOwner() : Subject, IdOf(text), isClear ? ChunkType.SubjectPage : ChunkType.Data, ChunkCodec.Raw, [], Bytes(text), text.Length);
        }
        var buffer = new PageBuffer(1);
        var tables = new PackAssembler(TestSubject.Reserve, TestTree.Writer, 1).Assemble(slab, ObjectKind.DataPack, ref buffer, out var length);
        Assert.True(await store.PutAsync(tables.Pack.Name, buffer.Memory[..length].ToArray(), default));
        var content = new IndexContent();
        content.Add(tables);
        return Fragment(fragment, content);
    }

    public static IndexFragment Fragment(string name, IndexContent content) =>
        IndexFragment.Read(name, IndexFragment.Write(content, TestSubject.Reserve, TestTree.Writer, 1, 0, null), TestSubject.Reserve, _ => null);

    /// <summary>Changes the last byte of a fragment's first chunk.</summary>
    public async Task DamageAsync(IndexFragment fragment)
    {
        var name = fragment.Packs[0].Name;
        var bytes = await store.ReadAllAsync(name, default);
        bytes[fragment[0].Offset + fragment[0].StoredLength - 1] ^= 1;
        await store.DeleteAsync(name, default);
        await store.PutAsync(name, bytes, default);
    }

    public async Task<string> ReadAsync(ChunkReader reader, string text)
    {
        using var chunk = await reader.ReadDataAsync(Subject.Pseudonym, IdOf(text), default);
        return Encoding.ASCII.GetString(chunk.Span);
    }
}
