using System.Security.Cryptography;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Tests.Cryptography;

/// <summary>What a host has proved once it need not prove in the next process; what nobody proved it does not believe.</summary>
public sealed class SignatureMemoryTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly EcdsaSigner _signer = EcdsaSigner.Generate();

    public void Dispose()
    {
        _folder.Dispose();
        _signer.Dispose();
    }

    private string File => Path.Combine(_folder.Path, "signatures");

    [Fact]
    public void What_was_valid_is_kept_and_comes_back()
    {
        var memory = SignatureMemory.Open(_folder.Path, _key);
        Assert.Equal(0, memory.Count);
        Prove("one"u8);
        memory.Save();
        var after = SignatureMemory.Open(_folder.Path, _key).Count;
        Assert.True(after >= 1);
        Prove("two"u8);
        memory.Save();
        // A second process adds behind what stands there.
        Assert.True(SignatureMemory.Open(_folder.Path, _key).Count > after);
        Assert.False(SignatureVerifier.Verify(_signer.PublicKey.Span, "three"u8, _signer.Sign("one"u8)));
    }

    [Fact]
    public void Nothing_is_believed_under_another_key_or_changed_or_cut_short()
    {
        var memory = SignatureMemory.Open(_folder.Path, _key);
        Prove("four"u8);
        memory.Save();
        var bytes = System.IO.File.ReadAllBytes(File);
        var whole = (bytes.Length - 8) / 48;
        Assert.Equal(whole, SignatureMemory.Open(_folder.Path, _key).Count);
        Assert.Equal(0, SignatureMemory.Open(_folder.Path, RandomNumberGenerator.GetBytes(32)).Count);
        var changed = bytes.ToArray();
        changed[8] ^= 1;
        System.IO.File.WriteAllBytes(File, changed);
        Assert.Equal(whole - 1, SignatureMemory.Open(_folder.Path, _key).Count);
        System.IO.File.WriteAllBytes(File, bytes[..^1]);
        var torn = SignatureMemory.Open(_folder.Path, _key);
        Assert.Equal(0, torn.Count);
        // Written anew, whole.
        torn.Save();
        Assert.Equal(0, (new FileInfo(File).Length - 8) % 48);
        Assert.True(SignatureMemory.Open(_folder.Path, _key).Count >= whole);
    }

    [Fact]
    public void Where_nothing_can_be_kept_nothing_fails()
    {
        System.IO.File.WriteAllText(File, "");
        var memory = SignatureMemory.Open(Path.Combine(File, "below"), _key);
        Prove("five"u8);
        memory.Save();
        Assert.Equal(0, memory.Count);
    }

    private void Prove(ReadOnlySpan<byte> content) => Assert.True(SignatureVerifier.Verify(_signer.PublicKey.Span, content, _signer.Sign(content)));
}
