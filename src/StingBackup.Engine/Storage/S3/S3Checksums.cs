using System.Security.Cryptography;
using Amazon.S3.Model;

namespace StingBackup.Engine.Storage.S3;

/// <summary>What proves that bytes arrived: sent with them, so that the server refuses others, and compared with what it says it has stored.</summary>
internal readonly struct S3Checksums
{
    private readonly string? _sha256;
    private readonly byte[]? _md5;

    private S3Checksums(ReadOnlySpan<byte> content, bool sha256)
    {
        if (sha256)
        {
            _sha256 = Convert.ToBase64String(SHA256.HashData(content));
        }
        else
        {
#pragma warning disable CA5351 // Against accidents on the way, which is all that servers without better checksums know. What is stored proves itself by SHA-256.
            _md5 = MD5.HashData(content);
#pragma warning restore CA5351
        }
    }

    /// <summary>Of bytes: SHA-256 where the server keeps it, else MD5, which every server checks.</summary>
    public static S3Checksums Of(ReadOnlySpan<byte> content, S3Abilities abilities) => new(content, abilities.Checksums == Ability.Yes);

    public void ApplyTo(PutObjectRequest request)
    {
        request.ChecksumSHA256 = _sha256;
        request.MD5Digest = Md5Header;
    }

    public void ApplyTo(UploadPartRequest request)
    {
        request.ChecksumSHA256 = _sha256;
        request.MD5Digest = Md5Header;
    }

    /// <summary>The part's entry for the completion.</summary>
    public PartETag Part(int number, string etag) => _sha256 is null ? new PartETag(number, etag) : new PartETag(number, etag) { ChecksumSHA256 = _sha256 };

    /// <summary>What is wrong with the server's word, or null. <paramref name="abilities"/> tell what it can be held to.</summary>
    public string? Contradiction(string? etag, string? sha256, S3Abilities abilities)
    {
        if (_sha256 is not null)
        {
            return sha256 == _sha256 ? null : $"the server reports the checksum '{sha256 ?? "none"}' for bytes of '{_sha256}'";
        }
        var own = Convert.ToHexStringLower(_md5!);
        return abilities.EtagIsMd5 != Ability.Yes || string.Equals(etag?.Trim('"'), own, StringComparison.OrdinalIgnoreCase) ? null : $"the server reports the MD5 {etag ?? "none"} for bytes of {own}";
    }

    private string? Md5Header => _md5 is null ? null : Convert.ToBase64String(_md5);
}
