using System.Security.Cryptography;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Legacy;

/// <summary>An archive's file, opened: decrypted where it is encrypted, and compared with its checksum where there is one.</summary>
internal sealed class LegacyArchiveFile : IDisposable
{
    private readonly string _path;
    private readonly FileStream _file;
    private readonly HashedStream _raw;
    private readonly Stream? _plain;

    private LegacyArchiveFile(string path, FileStream file, SecretBytes? passphrase)
    {
        _path = path;
        _file = file;
        Span<byte> start = stackalloc byte[8];
        var head = start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        file.Position = 0;
        IsEncrypted = LegacyCipher.IsEncrypted(head);
        if (!IsEncrypted && !LegacyGzip.IsGzip(head))
        {
            throw LegacyErrors.NotAnArchive(path, file.Length == 0 ? "it is empty" : "it is neither compressed by gzip nor encrypted by openssl");
        }
        _raw = new HashedStream(file);
        _plain = !IsEncrypted ? null : LegacyCipher.Open(_raw, path, passphrase ?? throw LegacyErrors.Encrypted(path));
    }

    /// <summary>Bytes of the file.</summary>
    public long Length => _file.Length;

    /// <summary>Whether it is encrypted.</summary>
    public bool IsEncrypted { get; }

    /// <summary>The tar, packed by gzip.</summary>
    public Stream Packed => _plain ?? _raw;

    /// <summary>Opens a file.</summary>
    /// <exception cref="StingException"><c>LegacyArchiveNotFound</c>, <c>LegacyArchiveUnreadable</c>, <c>LegacyNotAnArchive</c>, <c>LegacyArchiveEncrypted</c>, <c>LegacyPassphraseWrong</c></exception>
    public static LegacyArchiveFile Open(string path, SecretBytes? passphrase)
    {
        FileStream? file = null;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan);
            return new LegacyArchiveFile(path, file, passphrase);
        }
        catch (Exception e)
        {
            file?.Dispose();
            throw e switch
            {
                FileNotFoundException or DirectoryNotFoundException => LegacyErrors.NotFound(path, e),
                IOException or UnauthorizedAccessException => LegacyErrors.Unreadable(path, e),
                _ => e,
            };
        }
    }

    /// <summary>Compares the file, read to its end, with the checksum that STING's script wrote beside it.</summary>
    /// <exception cref="StingException"><c>LegacyArchiveDamaged</c></exception>
    public void CompareChecksum(ReadOnlySpan<byte> hashOfPacked)
    {
        var path = _path + LegacyFormat.ChecksumSuffix;
        if (!File.Exists(path))
        {
            return;
        }
        try
        {
            var word = File.ReadLines(path).FirstOrDefault("").TrimStart('\\').Split(' ')[0];
            var hash = _plain is null ? hashOfPacked : _raw.Hash();
            if (word.Length == 64 && !word.Equals(Convert.ToHexStringLower(hash), StringComparison.OrdinalIgnoreCase))
            {
                throw LegacyErrors.Damaged(_path, null, $"it is not the file that '{Path.GetFileName(path)}' was made of");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LegacyErrors.Unreadable(path, e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            _plain?.Dispose();
        }
        catch (CryptographicException)
        {
            // It looks for its padding even where it was left before its end; what is wrong was told by whoever left it.
        }
        _raw.Dispose();
        _file.Dispose();
    }
}
