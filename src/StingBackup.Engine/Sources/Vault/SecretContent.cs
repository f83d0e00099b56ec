using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Vault;

namespace StingBackup.Engine.Sources.Vault;

/// <summary>
/// A secret's value as the content of a file, and back. The same value gives the same bytes, and the bytes give back an equal value. Base64 in it, which deduplicates and
/// compresses badly, stands as the bytes that it means wherever encoding those gives back exactly the same text; so does base64 within base64. docs/vault-secrets.md is the format.
/// </summary>
/// <remarks>bytes of the parts, one behind the other · description, canonical JSON · its length u32 · "STINGKV1" 8, or "STINGKV2" when a part is sealed again on restore (<see cref="SealedUpload"/>).</remarks>
public static class SecretContent
{
    /// <summary>Shorter texts stay as they are: a SHA-256 in hexadecimal digits is base64 too.</summary>
    private const int ShortestText = 256;
    /// <summary>Shorter stretches of base64 within something else stay as they are.</summary>
    private const int ShortestInner = 4096;
    private const int Footer = sizeof(uint) + 8;

    /// <summary>Bytes behind the description.</summary>
    internal const int FooterLength = Footer;

    private static ReadOnlySpan<byte> Magic => "STINGKV1"u8;
    private static ReadOnlySpan<byte> MagicSealed => "STINGKV2"u8;

    /// <summary>The content of the file.</summary>
    /// <param name="data">The value: a JSON object.</param>
    public static ReadOnlyMemory<byte> Encode(JsonElement data) => Encode(data, null);

    /// <summary>The content of the file; what STING sealed is opened where that can be taken back exactly.</summary>
    internal static ReadOnlyMemory<byte> Encode(JsonElement data, SealedOpener? opener)
    {
        var content = new ArrayBufferWriter<byte>(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(data).Length + 256);
        var skeleton = new ArrayBufferWriter<byte>();
        var parts = new ArrayBufferWriter<byte>();
        CanonicalJson.Write(data, skeleton, (path, text) => TryTake(new Place(path, content, parts), text, opener));
        var start = content.WrittenCount;
        content.Write("{\"data\":"u8);
        content.Write(skeleton.WrittenSpan);
        content.Write(",\"parts\":["u8);
        content.Write(parts.WrittenSpan);
        content.Write("]}"u8);
        var length = content.WrittenCount - start;
        BinaryPrimitives.WriteUInt32LittleEndian(content.GetSpan(sizeof(uint)), (uint)length);
        content.Advance(sizeof(uint));
        content.Write(opener?.Opened > 0 ? MagicSealed : Magic);
        return content.WrittenMemory;
    }

    /// <summary>How many bytes of a content are parts; the rest differs though they be equal, and begins a chunk of its own.</summary>
    internal static int PartsLength(ReadOnlySpan<byte> content) => content.Length - Footer - (int)BinaryPrimitives.ReadUInt32LittleEndian(content[^Footer..]);

    /// <summary>Bytes of the description that stands before a footer; null where that is none.</summary>
    internal static int? DescriptionLength(ReadOnlySpan<byte> footer) =>
        footer.Length == Footer && (footer.EndsWith(Magic) || footer.EndsWith(MagicSealed)) && BinaryPrimitives.ReadUInt32LittleEndian(footer) is <= int.MaxValue and var length ? (int)length : null;

    /// <summary>Whether a master key is needed to get the value back.</summary>
    internal static bool IsSealedAgain(ReadOnlySpan<byte> content) => content.EndsWith(MagicSealed);

    /// <summary>The content of the file of a secret that was read.</summary>
    /// <exception cref="StingException"><c>VaultAnswerUnknown</c> when its value holds text that is no Unicode.</exception>
    internal static ReadOnlyMemory<byte> EncodeValueOf(KvSecret secret, SealedOpener? opener = null)
    {
        try
        {
            return Encode(secret.Data, opener);
        }
        catch (InvalidOperationException e)
        {
            throw secret.NotUnderstood("its value holds text that is no Unicode", e);
        }
    }

    /// <summary>The value, as canonical JSON in UTF-8.</summary>
    /// <param name="content">The content of a file.</param>
    /// <param name="name">For messages: which file.</param>
    /// <exception cref="StingException"><c>VaultSecretInvalid</c> when it is not what <see cref="Encode(JsonElement)"/> writes.</exception>
    public static ReadOnlyMemory<byte> Decode(ReadOnlyMemory<byte> content, string name) => Decode(content, name, null);

    /// <summary>The value, as canonical JSON in UTF-8; what STING had sealed is sealed again.</summary>
    /// <exception cref="StingException"><c>VaultSecretInvalid</c>; <c>MasterKeyMissing</c> when what is to be sealed wants a key that is not there</exception>
    internal static ReadOnlyMemory<byte> Decode(ReadOnlyMemory<byte> content, string name, MasterKeys? keys)
    {
        var bytes = content.Span;
        if (bytes.Length < Footer || !(bytes.EndsWith(Magic) || bytes.EndsWith(MagicSealed)))
        {
            throw Invalid(name, bytes.Length >= Footer && bytes[^8..^1].SequenceEqual(Magic[..^1]) ? "a later version wrote it" : "it does not end as one");
        }
        var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[^Footer..]);
        if (length > bytes.Length - Footer)
        {
            throw Invalid(name, "its description is cut short");
        }
        var partBytes = content[..(bytes.Length - Footer - (int)length)];
        try
        {
            using var description = JsonDocument.Parse(content.Slice(partBytes.Length, (int)length), new JsonDocumentOptions { MaxDepth = VaultJson.Depth + 2 });
            var parts = ReadParts(description.RootElement.GetProperty("parts"), partBytes, name, keys);
            var value = new ArrayBufferWriter<byte>((bytes.Length * 4 / 3) + 256);
            var filled = 0;
            CanonicalJson.Write(description.RootElement.GetProperty("data"), value, fill: (path, target) =>
            {
                if (!parts.TryGetValue(Key(path), out var part))
                {
                    return false;
                }
                filled++;
                part.Write(target);
                return true;
            });
            return filled == parts.Count ? value.WrittenMemory : throw Invalid(name, "a part has no place in its value");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            throw Invalid(name, "its description is damaged");
        }
    }

    /// <summary>Takes a string out of the value when its bytes, or those of what is in it, can stand for it.</summary>
    private static bool TryTake(Place place, ReadOnlySpan<byte> text, SealedOpener? opener)
    {
        if (text.Length < ShortestText)
        {
            return false;
        }
        var decoded = Base64Text.TryDecode(text);
        if (decoded is not null && opener?.TryOpen(decoded, out var plaintext) is { } upload)
        {
            place.Content.Write(plaintext);
            place.Begin("base64"u8, [new Piece("sealed", plaintext.Length)]);
            place.Parts.Write(",\"sealed\":"u8);
            upload.Write(place.Parts);
            place.Parts.Write("}"u8);
            return true;
        }
        var pieces = Split(decoded ?? text, place.Content, keepPlain: decoded is not null);
        if (pieces is null)
        {
            return false;
        }
        place.Begin(decoded is null ? "text"u8 : "base64"u8, pieces);
        place.Parts.Write("}"u8);
        return true;
    }

    /// <summary>Writes bytes as pieces, those that are base64 decoded; null, and nothing written, when none is and plain bytes are not wanted.</summary>
    private static List<Piece>? Split(ReadOnlySpan<byte> bytes, ArrayBufferWriter<byte> content, bool keepPlain)
    {
        var pieces = new List<Piece>();
        var written = 0;
        for (var from = 0; from < bytes.Length;)
        {
            var (start, length) = Base64Text.Find(bytes, from, ShortestInner);
            if (length == 0)
            {
                break;
            }
            if (Base64Text.TryDecode(bytes.Slice(start, length)) is { } inner)
            {
                Add(bytes[written..start], false);
                Add(inner, true);
                written = start + length;
            }
            from = start + length;
        }
        if (pieces.Count == 0 && !keepPlain)
        {
            return null;
        }
        Add(bytes[written..], false);
        return pieces;

        void Add(ReadOnlySpan<byte> piece, bool isBase64)
        {
            if (piece.Length > 0)
            {
                content.Write(piece);
                pieces.Add(new Piece(isBase64 ? "base64" : "raw", piece.Length));
            }
        }
    }

    private static Dictionary<string, Part> ReadParts(JsonElement list, ReadOnlyMemory<byte> bytes, string name, MasterKeys? keys)
    {
        var parts = new Dictionary<string, Part>(StringComparer.Ordinal);
        foreach (var item in list.EnumerateArray())
        {
            var isBase64 = item.GetProperty("encoding").GetString() switch
            {
                "base64" => true,
                "text" => false,
                var other => throw Invalid(name, $"'{other}' is no encoding that this version knows"),
            };
            var pieces = new List<(bool IsBase64, ReadOnlyMemory<byte> Bytes)>();
            foreach (var piece in item.GetProperty("pieces").EnumerateArray())
            {
                var length = piece[1].GetInt32();
                var kind = piece[0].GetString();
                if (length < 0 || length > bytes.Length || kind is not ("raw" or "base64" or "sealed"))
                {
                    throw Invalid(name, "a part reaches beyond its bytes");
                }
                pieces.Add(kind == "sealed" ? (false, SealedUpload.Read(item.GetProperty("sealed"), name).Seal(bytes.Span[..length], keys, name)) : (kind == "base64", bytes[..length]));
                bytes = bytes[length..];
            }
            if (!parts.TryAdd(Key([.. item.GetProperty("at").EnumerateArray().Select(p => p.GetString() ?? throw new FormatException())]), new Part(isBase64, pieces)))
            {
                throw Invalid(name, "two parts have one place");
            }
        }
        return bytes.IsEmpty ? parts : throw Invalid(name, "bytes are left over");
    }

    /// <summary>A path as one text; names may hold any character, so each is told by its length.</summary>
    private static string Key(IReadOnlyList<string> path) => string.Concat(path.Select(p => FormattableString.Invariant($"{p.Length}:{p}")));

    internal static StingException Invalid(string name, string why) => new("VaultSecretInvalid", FailureKind.Integrity,
        $"'{name}' is not a secret as a backup of Vault holds it: {why}.", name,
        "Restore only what was backed up from a Vault to a Vault; files go to a folder. If it came from a Vault, restore it with the version that wrote it, or from another point.");

    private readonly record struct Piece(string Kind, int Length);

    /// <summary>Where a string stands in the value, and what takes it up.</summary>
    private readonly record struct Place(IReadOnlyList<string> Path, ArrayBufferWriter<byte> Content, ArrayBufferWriter<byte> Parts)
    {
        /// <summary>Writes a part but for its closing brace.</summary>
        public void Begin(ReadOnlySpan<byte> encoding, IReadOnlyList<Piece> pieces)
        {
            Parts.Write(Parts.WrittenCount > 0 ? ",{\"at\":["u8 : "{\"at\":["u8);
            for (var i = 0; i < Path.Count; i++)
            {
                Parts.Write(i == 0 ? default : ","u8);
                CanonicalJson.WriteString(System.Text.Encoding.UTF8.GetBytes(Path[i]), Parts);
            }
            Parts.Write("],\"encoding\":\""u8);
            Parts.Write(encoding);
            Parts.Write("\",\"pieces\":["u8);
            Parts.Write(System.Text.Encoding.ASCII.GetBytes(string.Join(',', pieces.Select(p => FormattableString.Invariant($"[\"{p.Kind}\",{p.Length}]")))));
            Parts.Write("]"u8);
        }
    }

    private sealed record Part(bool IsBase64, IReadOnlyList<(bool IsBase64, ReadOnlyMemory<byte> Bytes)> Pieces)
    {
        /// <summary>Writes the string with its quotes.</summary>
        public void Write(IBufferWriter<byte> target)
        {
            if (Pieces is [{ IsBase64: false } only] && IsBase64)
            {
                Quote(only.Bytes.Span, target);
                return;
            }
            var inner = new ArrayBufferWriter<byte>((Pieces.Sum(p => p.Bytes.Length) * 4 / 3) + 16);
            foreach (var (isBase64, bytes) in Pieces)
            {
                if (isBase64)
                {
                    Base64Text.Encode(bytes.Span, inner);
                }
                else
                {
                    inner.Write(bytes.Span);
                }
            }
            if (IsBase64)
            {
                Quote(inner.WrittenSpan, target);
            }
            else
            {
                CanonicalJson.WriteString(inner.WrittenSpan, target);
            }
        }

        private static void Quote(ReadOnlySpan<byte> bytes, IBufferWriter<byte> target)
        {
            target.Write("\""u8);
            Base64Text.Encode(bytes, target);
            target.Write("\""u8);
        }
    }
}
