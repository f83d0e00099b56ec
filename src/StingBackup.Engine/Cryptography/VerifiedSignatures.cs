using System.Collections.Concurrent;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Cryptography;

/// <summary>
/// Signatures that this process has found valid, or earlier ones of this host (<see cref="SignatureMemory"/>). A job reads all restore points several times, once for each tier and question, and after a year of runs every quarter of an hour there are 35,000: to compute
/// each signature anew takes seconds a look. Only what was valid is remembered, under a hash of key, content and signature, so that nothing else can stand for it.
/// </summary>
internal static class VerifiedSignatures
{
    /// <summary>As many as take about 10 MB; beyond them all are forgotten, which costs time and nothing else.</summary>
    internal const int Most = 100_000;

    private static readonly ConcurrentDictionary<Id32, byte> Known = new();

    /// <summary>Checks a signature.</summary>
    public delegate bool Checker(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature);

    /// <summary>All that are known, by their ids.</summary>
    public static IReadOnlyCollection<Id32> All() => [.. Known.Keys];

    /// <summary>Takes one that was found valid before, by who proves it.</summary>
    public static void Recall(Id32 id)
    {
        if (Known.Count < Most)
        {
            Known.TryAdd(id, 0);
        }
    }

    /// <summary>Whether a signature is valid: known to be, or found so by the check.</summary>
    /// <param name="publicKey">The key, or several joined.</param>
    /// <param name="hash">SHA-256 of the content.</param>
    /// <param name="signature">The signature.</param>
    /// <param name="check">Asked where it is not known.</param>
    public static bool Check(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature, Checker check)
    {
        // Hash and signature have fixed lengths, and stand first: no two triples give the same bytes.
        var bytes = new byte[hash.Length + signature.Length + publicKey.Length];
        hash.CopyTo(bytes);
        signature.CopyTo(bytes.AsSpan(hash.Length));
        publicKey.CopyTo(bytes.AsSpan(hash.Length + signature.Length));
        var id = new Id32(SHA256.HashData(bytes));
        if (Known.ContainsKey(id))
        {
            return true;
        }
        if (!check(publicKey, hash, signature))
        {
            return false;
        }
        if (Known.Count >= Most)
        {
            Known.Clear();
        }
        Known[id] = 0;
        return true;
    }
}
