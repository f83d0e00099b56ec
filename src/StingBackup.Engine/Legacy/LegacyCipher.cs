using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Legacy;

/// <summary>
/// What <c>manage_sting.sh backup --encrypt</c> leaves: <c>openssl enc -aes-256-cbc -salt -pbkdf2 -iter 100000</c>, that is <c>Salted__</c>, 8 bytes of salt, AES-256-CBC with PKCS #7; key and vector are
/// PBKDF2-HMAC-SHA256 of the passphrase, OpenSSL's default digest since 1.1.0. Nothing in it proves that it is whole or unchanged: gzip's own checksum is all there is.
/// </summary>
internal static class LegacyCipher
{
    private const int Iterations = 100_000, HeaderSize = 16, BlockSize = 16, KeySize = 32;

    private static ReadOnlySpan<byte> Magic => "Salted__"u8;

    /// <summary>Whether a file's first bytes are those of an encrypted one.</summary>
    public static bool IsEncrypted(ReadOnlySpan<byte> start) => start.StartsWith(Magic);

    /// <summary>Decrypts what follows the header; the first block proves the passphrase, as it must be gzip's.</summary>
    /// <exception cref="StingException"><c>LegacyPassphraseWrong</c>, <c>LegacyArchiveDamaged</c></exception>
    public static Stream Open(Stream encrypted, string archive, SecretBytes passphrase)
    {
        Span<byte> start = stackalloc byte[HeaderSize + BlockSize];
        if (encrypted.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) < start.Length)
        {
            throw LegacyErrors.Damaged(archive, null, "it ends within its first blocks");
        }
        Span<byte> first = stackalloc byte[BlockSize];
        foreach (var candidate in Variants(passphrase))
        {
            using var secret = candidate;
            var derived = Rfc2898DeriveBytes.Pbkdf2(secret.Span, start[Magic.Length..HeaderSize], Iterations, HashAlgorithmName.SHA256, KeySize + BlockSize);
            using var aes = Aes.Create();
            try
            {
                aes.Key = derived[..KeySize];
                aes.IV = derived[KeySize..];
            }
            finally
            {
                CryptographicOperations.ZeroMemory(derived);
            }
            aes.DecryptCbc(start[HeaderSize..], aes.IV, first, PaddingMode.None);
            if (LegacyGzip.IsGzip(first))
            {
                return new CryptoStream(new Prefixed(start[HeaderSize..].ToArray(), encrypted), aes.CreateDecryptor(), CryptoStreamMode.Read);
            }
        }
        throw LegacyErrors.WrongPassphrase(archive);
    }

    /// <summary>
    /// The passphrase, and what STING's script makes of it on the way through the kernel's keyring: it stores the key's bytes, which <c>keyctl print</c> gives back as <c>:hex:…</c>, and takes that,
    /// in base64, for the key. So the first archive of such a host is encrypted with one and all later ones with the other, and whoever kept one has both.
    /// </summary>
    private static IEnumerable<SecretBytes> Variants(SecretBytes passphrase)
    {
        yield return SecretBytes.CopyOf(passphrase.Span);
        var decoded = new byte[passphrase.Length];
        if (System.Buffers.Text.Base64.DecodeFromUtf8(passphrase.Span, decoded, out _, out var length) != System.Buffers.OperationStatus.Done)
        {
            yield break;
        }
        var text = Encoding.ASCII.GetString(decoded, 0, length);
        if (length == KeySize)
        {
            yield return Encode(Encoding.ASCII.GetBytes($":hex:{Convert.ToHexStringLower(decoded.AsSpan(0, length))}\n"));
        }
        else if (text.StartsWith(":hex:", StringComparison.Ordinal) && text.Length == 5 + 2 * KeySize + 1 && text[5..^1].All(char.IsAsciiHexDigit))
        {
            yield return Encode(Convert.FromHexString(text[5..^1]));
        }
        CryptographicOperations.ZeroMemory(decoded);
    }

    private static SecretBytes Encode(byte[] bytes)
    {
        var text = Encoding.ASCII.GetBytes(Convert.ToBase64String(bytes));
        try
        {
            return SecretBytes.CopyOf(text);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
            CryptographicOperations.ZeroMemory(text);
        }
    }

    /// <summary>Bytes that were read already, and the stream behind them.</summary>
    private sealed class Prefixed(byte[] prefix, Stream rest) : ReadOnlyStream
    {
        private int _given;

        public override int Read(Span<byte> buffer)
        {
            if (_given == prefix.Length)
            {
                return rest.Read(buffer);
            }
            var taken = Math.Min(buffer.Length, prefix.Length - _given);
            prefix.AsSpan(_given, taken).CopyTo(buffer);
            _given += taken;
            return taken;
        }
    }
}
