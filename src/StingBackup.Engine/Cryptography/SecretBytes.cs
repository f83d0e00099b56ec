using System.Security.Cryptography;
using System.Text;

namespace StingBackup.Engine.Cryptography;

/// <summary>
/// Secret bytes in a pinned array, so that the garbage collector leaves no copies behind, zeroed when disposed.
/// Never prints what it holds.
/// </summary>
public sealed class SecretBytes : IDisposable
{
    private readonly byte[] _bytes;
    private bool _disposed;

    /// <summary>Makes room for a secret, all zero.</summary>
    public SecretBytes(int length) => _bytes = GC.AllocateArray<byte>(length, pinned: true);

    /// <summary>Length in bytes.</summary>
    public int Length => _bytes.Length;

    /// <summary>The secret.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public ReadOnlySpan<byte> Span => Array;

    /// <summary>The secret, for the one who fills it.</summary>
    internal Span<byte> Writable => Array;

    /// <summary>The pinned array itself, for APIs of .NET that take nothing else. Never keep it.</summary>
    internal byte[] Array
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _bytes;
        }
    }

    /// <summary>Copies a secret; the caller still owns, and zeroes, what it passed.</summary>
    public static SecretBytes CopyOf(ReadOnlySpan<byte> secret)
    {
        var copy = new SecretBytes(secret.Length);
        secret.CopyTo(copy._bytes);
        return copy;
    }

    /// <summary>Draws a random secret.</summary>
    public static SecretBytes Random(int length, RandomNumberGenerator random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var secret = new SecretBytes(length);
        random.GetBytes(secret._bytes);
        return secret;
    }

    /// <summary>
    /// A passphrase as bytes: Unicode NFC, then UTF-8, so that every keyboard and system types the same secret.
    /// Nothing is trimmed.
    /// </summary>
    public static SecretBytes FromPassphrase(ReadOnlySpan<char> passphrase)
    {
        // A buffer that NFC cannot outgrow: it expands a character to three at most.
        var normal = GC.AllocateArray<char>((3 * passphrase.Length) + 16, pinned: true);
        try
        {
            if (!passphrase.TryNormalize(normal, out var length, NormalizationForm.FormC))
            {
                throw new StingException("PassphraseNotText", FailureKind.InvalidArgument, "The passphrase is not valid Unicode text.", null,
                    "Type it again; a passphrase file must be UTF-8.");
            }
            var secret = new SecretBytes(Encoding.UTF8.GetByteCount(normal.AsSpan(0, length)));
            Encoding.UTF8.GetBytes(normal.AsSpan(0, length), secret._bytes);
            return secret;
        }
        catch (ArgumentException unpaired)
        {
            throw new StingException("PassphraseNotText", FailureKind.InvalidArgument, "The passphrase is not valid Unicode text.", null,
                "Type it again; a passphrase file must be UTF-8.", unpaired);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(System.Runtime.InteropServices.MemoryMarshal.AsBytes(normal.AsSpan()));
        }
    }

    /// <summary>Zeroes the secret.</summary>
    public void Dispose()
    {
        _disposed = true;
        CryptographicOperations.ZeroMemory(_bytes);
    }

    /// <summary>Says how long it is, never what it is.</summary>
    public override string ToString() => $"secret of {_bytes.Length} bytes";
}
