using Org.BouncyCastle.Crypto.Generators;
using BouncyParameters = Org.BouncyCastle.Crypto.Parameters.Argon2Parameters;

namespace StingBackup.Engine.Cryptography;

/// <summary>How much work it is to try one passphrase: Argon2id, version 1.3 (RFC 9106). Stored beside what it seals.</summary>
/// <param name="MemoryKiB">Memory, in KiB.</param>
/// <param name="Iterations">Passes over that memory.</param>
/// <param name="Lanes">Lanes; this program fills them one after another.</param>
public sealed record Argon2Parameters(int MemoryKiB, int Iterations, int Lanes)
{
    /// <summary>64 MiB, three passes, one lane: RFC 9106's second recommendation, with one lane since no library served here fills lanes side by side.</summary>
    public static Argon2Parameters Default { get; } = new(64 * 1024, 3, 1);

    /// <summary>Bounds on what a file may ask of this machine: at most 4 GiB, 64 passes, 64 lanes.</summary>
    internal bool IsWithinBounds =>
        Iterations is >= 1 and <= 64 && Lanes is >= 1 and <= 64 && MemoryKiB >= 8 * Lanes && MemoryKiB <= 4 * 1024 * 1024;

    /// <summary>Derives a 32-byte key from a passphrase.</summary>
    internal SecretBytes DeriveKey(SecretBytes passphrase, ReadOnlySpan<byte> salt)
    {
        var generator = new Argon2BytesGenerator();
        var parameters = new BouncyParameters.Builder(BouncyParameters.Argon2id)
            .WithVersion(BouncyParameters.Version13).WithMemoryAsKB(MemoryKiB).WithIterations(Iterations).WithParallelism(Lanes)
            .WithSalt(salt.ToArray()).Build();
        generator.Init(parameters);
        var key = new SecretBytes(32);
        generator.GenerateBytes(passphrase.Array, key.Array);
        return key;
    }
}
