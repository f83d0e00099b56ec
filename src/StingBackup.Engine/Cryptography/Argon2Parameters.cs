using NSec.Cryptography;
using Org.BouncyCastle.Crypto.Generators;
using BouncyParameters = Org.BouncyCastle.Crypto.Parameters.Argon2Parameters;
using NativeParameters = NSec.Cryptography.Argon2Parameters;

namespace StingBackup.Engine.Cryptography;

/// <summary>How much work it is to try one passphrase: Argon2id, version 1.3 (RFC 9106). Stored beside what it seals.</summary>
/// <param name="MemoryKiB">Memory, in KiB.</param>
/// <param name="Iterations">Passes over that memory.</param>
/// <param name="Lanes">Lanes; they are filled one after another.</param>
public sealed record Argon2Parameters(int MemoryKiB, int Iterations, int Lanes)
{
    private const int NativeSaltSize = 16;

    /// <summary>64 MiB, three passes, one lane: RFC 9106's second recommendation, with one lane since no library served here fills lanes side by side.</summary>
    public static Argon2Parameters Default { get; } = new(64 * 1024, 3, 1);

    /// <summary>Bounds on what a file may ask of this machine: at most 4 GiB, 64 passes, 64 lanes.</summary>
    internal bool IsWithinBounds =>
        Iterations is >= 1 and <= 64 && Lanes is >= 1 and <= 64 && MemoryKiB >= 8 * Lanes && MemoryKiB <= 4 * 1024 * 1024;

    /// <summary>Derives a 32-byte key from a passphrase: by libsodium, eight times as fast; by BouncyCastle where that does not load or cannot have these parameters.</summary>
    internal SecretBytes DeriveKey(SecretBytes passphrase, ReadOnlySpan<byte> salt)
    {
        var key = new SecretBytes(32);
        if (!TryNative(passphrase, salt, key))
        {
            Managed(passphrase, salt, key);
        }
        return key;
    }

    /// <summary>Derives by libsodium, which knows one lane and salts of 16 bytes only; false where it cannot.</summary>
    internal bool TryNative(SecretBytes passphrase, ReadOnlySpan<byte> salt, SecretBytes key)
    {
        if (Lanes != 1 || salt.Length != NativeSaltSize)
        {
            return false;
        }
        try
        {
            new Argon2id(new NativeParameters { DegreeOfParallelism = 1, MemorySize = MemoryKiB, NumberOfPasses = Iterations }).DeriveBytes(passphrase.Span, salt, key.Writable);
            return true;
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException or PlatformNotSupportedException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Derives by BouncyCastle, any lanes, one after another.</summary>
    internal void Managed(SecretBytes passphrase, ReadOnlySpan<byte> salt, SecretBytes key)
    {
        var generator = new Argon2BytesGenerator();
        generator.Init(new BouncyParameters.Builder(BouncyParameters.Argon2id)
            .WithVersion(BouncyParameters.Version13).WithMemoryAsKB(MemoryKiB).WithIterations(Iterations).WithParallelism(Lanes)
            .WithSalt(salt.ToArray()).Build());
        generator.GenerateBytes(passphrase.Array, key.Array);
    }
}
