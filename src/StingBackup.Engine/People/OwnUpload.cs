using System.Text.Json;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Sources.Vault;

namespace StingBackup.Engine.People;

/// <summary>
/// What somebody uploaded, in the secret in which STING keeps it: to a person it is a file with a name, and not a secret's path and encoding. Its bytes stand first in the secret's content, its name in the description
/// behind them (docs/vault-secrets.md), which is a chunk of its own: the name costs no reading of the upload.
/// </summary>
/// <param name="Name">What whoever uploaded it called it; null where the secret does not say.</param>
/// <param name="Length">Bytes of the upload.</param>
/// <param name="Inline">The bytes, where they are so few that the description holds them; null: they are the first ones of the content.</param>
internal sealed record OwnUpload(string? Name, long Length, ReadOnlyMemory<byte>? Inline)
{
    private const int LongestName = 500, LongestDescription = 1 << 20;
    private static readonly string[] NamedBy = ["original_filename", "filename"];

    /// <summary>The upload in a file; null where that is no secret, or one that holds no upload that could be taken out of it: it is then shown as it is.</summary>
    public static async ValueTask<OwnUpload?> ReadAsync(ChunkReader reader, Id16 pseudonym, EntryPath path, TreeEntry content, CancellationToken cancel)
    {
        if (!path.IsWithin(ReserveMounts.Vault) || content.Length < SecretContent.FooterLength)
        {
            return null;
        }
        async ValueTask<byte[]> BytesAsync(long offset, int length)
        {
            var bytes = new byte[length];
            var stream = new TreeFileStream(reader, pseudonym, content, (offset, length), cancel);
            await using (stream.ConfigureAwait(false))
            {
                await stream.ReadExactlyAsync(bytes, cancel).ConfigureAwait(false);
            }
            return bytes;
        }
        try
        {
            var end = content.Length - SecretContent.FooterLength;
            return SecretContent.DescriptionLength(await BytesAsync(end, SecretContent.FooterLength).ConfigureAwait(false)) is { } length && length <= Math.Min(end, LongestDescription)
                ? Of(await BytesAsync(end - length, length).ConfigureAwait(false), end - length) : null;
        }
        catch (StingException e) when (Failures.IsOfOneItem(e))
        {
            return null;   // whoever reads it is told
        }
    }

    /// <summary>The upload that a description is about.</summary>
    /// <param name="description">The description.</param>
    /// <param name="parts">Bytes of all parts.</param>
    internal static OwnUpload? Of(ReadOnlyMemory<byte> description, long parts)
    {
        try
        {
            using var json = JsonDocument.Parse(description);
            if (!json.RootElement.TryGetProperty("data", out var value) || value.ValueKind != JsonValueKind.Object || !value.TryGetProperty("data", out var data))
            {
                return null;
            }
            if (data.ValueKind == JsonValueKind.String)
            {
                return data.TryGetBytesFromBase64(out var few) ? new OwnUpload(NameIn(value), few.Length, few) : null;
            }
            // What STING sealed under a key that the backup had not is no one piece.
            return data.ValueKind == JsonValueKind.Null && json.RootElement.GetProperty("parts").EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Object } part
                && part.GetProperty("encoding").GetString() == "base64" && part.GetProperty("at").EnumerateArray().Select(at => at.GetString()).SequenceEqual(["data"])
                && part.GetProperty("pieces") is var pieces && pieces.GetArrayLength() == 1 && pieces[0][0].GetString() is "raw" or "sealed" && pieces[0][1].GetInt64() is >= 0 and var length && length <= parts
                ? new OwnUpload(NameIn(value), length, null) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    private static string? NameIn(JsonElement value) => value.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object
        ? NamedBy.Select(n => metadata.TryGetProperty(n, out var name) && name.ValueKind == JsonValueKind.String ? name.GetString()!.Trim() : "").FirstOrDefault(n => n.Length is > 0 and <= LongestName) : null;
}
