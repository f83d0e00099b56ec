using System.Security.Cryptography;
using Amazon.S3.Model;

namespace StingBackup.Engine.Storage.S3;

/// <summary>What proves that bytes arrived: sent with them, so that the server refuses others, and compared with what it says it has stored.</summary>
internal readonly struct S3Checksums
{
    private readonly string? _sha256;
    private readonly byte[]? _md5;
    private readonly string? _signed;

    private S3Checksums(ReadOnlySpan<byte> content, byte[]? known, S3Abilities abilities)
    {
        if (abilities.Checksums == Ability.Yes)
        {
            _sha256 = Convert.ToBase64String(known ?? SHA256.HashData(content));
        }
        else if (known is not null && abilities.PayloadHash == Ability.Yes)
        {
            _signed = Convert.ToHexStringLower(known);
        }
        else
        {
#pragma warning disable CA5351 // Against accidents on the way, which is all that servers without better checksums know. What is stored proves itself by SHA-256.
            _md5 = MD5.HashData(content);
#pragma warning restore CA5351
        }
    }

    /// <summary>
    /// Of an object's bytes: SHA-256 where the server keeps it, else MD5, which every server checks. A pack's SHA-256 is its name: where the server refuses bytes that are not those of the hash in the signature, nothing more is
    /// computed here.
    /// </summary>
    /// <param name="name">The object.</param>
    /// <param name="content">All of its bytes, or a part's.</param>
    /// <param name="isWhole">Whether it is all of them.</param>
    /// <param name="abilities">What the server can be held to.</param>
    public static S3Checksums Of(string name, ReadOnlySpan<byte> content, bool isWhole, S3Abilities abilities) => new(content, isWhole ? ObjectName.HashOfPack(name) : null, abilities);

    /// <summary>The hash that the signature covers in the place of one that is computed while the bytes are sent; null for none.</summary>
    public string? Signed => _signed;

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
        if (_signed is not null)
        {
            return null;   // it would have refused other bytes
        }
        if (_sha256 is not null)
        {
            return sha256 == _sha256 ? null : $"the server reports the checksum '{sha256 ?? "none"}' for bytes of '{_sha256}'";
        }
        var own = Convert.ToHexStringLower(_md5!);
        return abilities.EtagIsMd5 != Ability.Yes || string.Equals(etag?.Trim('"'), own, StringComparison.OrdinalIgnoreCase) ? null : $"the server reports the MD5 {etag ?? "none"} for bytes of {own}";
    }

    private string? Md5Header => _md5 is null ? null : Convert.ToBase64String(_md5);
}
