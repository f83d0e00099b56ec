using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Recovery;

/// <summary>
/// A host's configuration as it goes with its backups: <c>config/&lt;writer&gt;/&lt;revision&gt;</c>, signed by the host, sealed under a key that the directory key gives. So whoever brings the shares of the escrow together has
/// it before anything else, from any tier; whoever has the bucket alone has nothing of it. It names files that hold secrets, and holds none.
/// </summary>
internal sealed record ConfigurationCopy
{
    /// <summary>Where copies lie.</summary>
    public const string Prefix = "config/";

    private const int LastKey = 8;
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const int Longest = 4 << 20;

    /// <summary>The reserve.</summary>
    public required Id16 Reserve { get; init; }
    /// <summary>Whose it is.</summary>
    public required Id16 Writer { get; init; }
    /// <summary>From 1, a next one whenever a setting changed.</summary>
    public required long Revision { get; init; }
    /// <summary>When it was made, nanoseconds since 1970 UTC.</summary>
    public required long CreatedNs { get; init; }

    private byte[] Nonce { get; init; } = [];
    private byte[] Sealed { get; init; } = [];

    /// <summary>The object's name.</summary>
    public string ObjectName => NameOf(Writer, Revision);

    /// <summary>The name of a revision.</summary>
    public static string NameOf(Id16 writer, long revision) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{writer}/{revision:d12}");

    /// <summary>Seals a configuration, and signs it.</summary>
    /// <param name="content">What is kept.</param>
    /// <param name="key">32 bytes.</param>
    /// <param name="signer">The host.</param>
    /// <param name="random">Randomness.</param>
    public byte[] ToBytes(ConfigurationContent content, SecretBytes key, ISigner signer, RandomNumberGenerator random)
    {
        var nonce = new byte[NonceSize];
        random.GetBytes(nonce);
        var named = this with { Nonce = nonce };
        var plaintext = content.ToBytes();
        var body = new byte[plaintext.Length + TagSize];
        using var cipher = new AesGcm(key.Span, TagSize);
        cipher.Encrypt(nonce, plaintext, body.AsSpan(0, plaintext.Length), body.AsSpan(plaintext.Length), named.Fields(null));
        return ObjectFrame.Sign(ObjectKind.Configuration, named.Fields(body), signer.Sign);
    }

    /// <summary>Reads one, and checks that its host signed it and that it stands under its own name. Opens nothing.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c>, <c>FormatTooNew</c>, <c>SuiteUnknown</c></exception>
    public static ConfigurationCopy Read(string name, ReadOnlyMemory<byte> bytes, Id16 reserve, Func<Id16, ReadOnlyMemory<byte>?> signingKeyOf)
    {
        var (writer, revision) = ObjectKinds.Of(name) == ObjectKind.Configuration ? ObjectKinds.RunIn(name) : throw Failures.Damaged(name, "its name is none of a configuration");
        var keys = signingKeyOf(writer) ?? throw Failures.Damaged(name, $"writer {writer} was never enrolled");
        var parts = ObjectFrame.Split(bytes, ObjectKind.Configuration, name);
        using var verifier = new SignatureVerifier(keys.Span);
        if (!verifier.Verify(parts.Signed.Span, parts.Signature.Span))
        {
            throw Failures.Damaged(name, "its signature does not fit");
        }
        var fields = SignedObject.Fields(name, parts.Payload);
        Suite.Check(fields.Number(1), name);
        fields.CheckOthers(LastKey);
        var copy = new ConfigurationCopy
        {
            Reserve = new Id16(fields.Bytes(2, Id16.Size)), Writer = new Id16(fields.Bytes(3, Id16.Size)), Revision = fields.Long(4), CreatedNs = fields.Long(5), Nonce = fields.Bytes(7, NonceSize), Sealed = fields.Bytes(8),
        };
        return copy.Reserve == reserve && copy.Writer == writer && copy.Revision == revision && copy.Sealed.Length > TagSize ? copy : throw Failures.Damaged(name, "it belongs to another reserve or place");
    }

    /// <summary>Opens it.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c></exception>
    public ConfigurationContent Open(SecretBytes key)
    {
        var plaintext = new byte[Sealed.Length - TagSize];
        using var cipher = new AesGcm(key.Span, TagSize);
        try
        {
            cipher.Decrypt(Nonce, Sealed.AsSpan(0, plaintext.Length), Sealed.AsSpan(plaintext.Length), plaintext, Fields(null));
            return ConfigurationContent.Read(ObjectName, plaintext, Longest);
        }
        catch (AuthenticationTagMismatchException wrong)
        {
            throw Failures.Damaged(ObjectName, "it does not open with the keys of this reserve", wrong);
        }
        catch (Exception wrong) when (wrong is InvalidDataException or InvalidOperationException)   // the latter is what Brotli says
        {
            throw Failures.Damaged(ObjectName, "what it holds cannot be unpacked", wrong);
        }
    }

    /// <summary>The map; without the body it is the associated data of what is sealed.</summary>
    private byte[] Fields(byte[]? body)
    {
        var cbor = CborFields.StartMap(body is null ? LastKey - 1 : LastKey);
        CborFields.Write(cbor, 1, Suite.P256);
        CborFields.Write(cbor, 2, Reserve.ToArray());
        CborFields.Write(cbor, 3, Writer.ToArray());
        CborFields.Write(cbor, 4, Revision);
        CborFields.Write(cbor, 5, CreatedNs);
        CborFields.Write(cbor, 6, 1);   // how the content is packed: 1 is Brotli
        CborFields.Write(cbor, 7, Nonce);
        if (body is not null)
        {
            CborFields.Write(cbor, 8, body);
        }
        return CborFields.End(cbor);
    }
}

/// <summary>What a copy of a configuration says.</summary>
/// <param name="HostName">The host's name.</param>
/// <param name="File">Where the file lay.</param>
/// <param name="Text">What is set in it, as YAML without comments.</param>
internal sealed record ConfigurationContent(string HostName, string File, string Text)
{
    private const int LastKey = 3;

    /// <summary>CBOR, packed.</summary>
    public byte[] ToBytes()
    {
        var cbor = CborFields.StartMap(LastKey);
        foreach (var (key, text) in new[] { (1, HostName), (2, File), (3, Text) })
        {
            cbor.WriteInt32(key);
            cbor.WriteTextString(text);
        }
        using var packed = new MemoryStream();
        using (var brotli = new BrotliStream(packed, CompressionLevel.Optimal))
        {
            brotli.Write(CborFields.End(cbor));
        }
        return packed.ToArray();
    }

    /// <summary>Reads it.</summary>
    /// <exception cref="InvalidDataException">It does not unpack, or to more than may be.</exception>
    /// <exception cref="StingException"><c>ObjectDamaged</c></exception>
    public static ConfigurationContent Read(string name, byte[] packed, int longest)
    {
        using var brotli = new BrotliStream(new MemoryStream(packed), CompressionMode.Decompress);
        var bytes = new byte[longest];
        var length = brotli.ReadAtLeast(bytes, longest, throwOnEndOfStream: false);
        var fields = SignedObject.Fields(name, bytes.AsMemory(0, length < longest ? length : throw new InvalidDataException("it is too long")));
        fields.CheckOthers(LastKey);
        return new ConfigurationContent(fields.Text(1), fields.Text(2), fields.Text(3));
    }

    /// <summary>What tells whether it changed.</summary>
    public string Digest => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{HostName}\n{File}\n{Text}")));
}
