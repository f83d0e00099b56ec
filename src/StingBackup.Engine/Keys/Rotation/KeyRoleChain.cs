using System.Buffers.Binary;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>
/// The key role's public keys, from the first to the one in force, each handed over to the next by a statement that both sign: so whoever trusts one of them can walk to the others, forwards and
/// backwards, wherever the statements come from. A statement: number u32 ‖ time i64 ‖ earlier key 65 ‖ next key 65 ‖ signature of the earlier 64 ‖ signature of the next 64.
/// </summary>
internal sealed class KeyRoleChain
{
    private const int SinceAt = sizeof(uint);
    private const int FromAt = SinceAt + sizeof(long);
    private const int ToAt = FromAt + P256.PublicSize;
    private const int StatedSize = ToAt + P256.PublicSize;
    private const int StatementSize = StatedSize + (2 * P256.SignatureSize);
    private const int MaxStatements = 1000;   // they are checked before anything vouches for them: nobody makes a host check more

    private readonly byte[][] _keys;   // oldest first

    private KeyRoleChain(byte[][] keys, byte[] handovers)
    {
        _keys = keys;
        Handovers = handovers;
        Joined = [.. Enumerable.Reverse(keys).SelectMany(key => key)];
    }

    /// <summary>The statements, joined, oldest first; empty where the key was never renewed.</summary>
    public byte[] Handovers { get; }

    /// <summary>The key in force.</summary>
    public byte[] Current => _keys[^1];

    /// <summary>All keys, newest first, joined as <see cref="SignatureVerifier"/> takes them.</summary>
    public byte[] Joined { get; }

    /// <summary>All keys, newest first.</summary>
    public IEnumerable<byte[]> Keys => Enumerable.Reverse(_keys);

    /// <summary>How many keys there were.</summary>
    public int Count => _keys.Length;

    /// <summary>Since when the key in force is that, nanoseconds since 1970 UTC; null for the first one.</summary>
    public long? SinceNs => Handovers.Length == 0 ? null : BinaryPrimitives.ReadInt64LittleEndian(Handovers.AsSpan(Handovers.Length - StatementSize + SinceAt));

    /// <summary>A key that was never renewed.</summary>
    public static KeyRoleChain Of(byte[] key) => new([key], []);

    /// <summary>Reads statements, and checks each signature of each; null where any of it does not fit, and for none.</summary>
    /// <param name="handovers">The statements.</param>
    /// <param name="reserveId">The reserve that they must be of.</param>
    public static KeyRoleChain? TryRead(byte[] handovers, Id16 reserveId)
    {
        if (handovers.Length is 0 or > MaxStatements * StatementSize || handovers.Length % StatementSize != 0)
        {
            return null;
        }
        var keys = new List<byte[]>();
        for (var at = 0; at < handovers.Length; at += StatementSize)
        {
            var statement = handovers.AsSpan(at, StatementSize);
            var from = statement[FromAt..ToAt];
            var to = statement[ToAt..StatedSize];
            var message = Message(reserveId, statement[..StatedSize]);
            if (BinaryPrimitives.ReadUInt32LittleEndian(statement) != (at / StatementSize) + 1
                || (keys.Count > 0 && !from.SequenceEqual(keys[^1]))
                || !SignatureVerifier.Verify(from, message, statement.Slice(StatedSize, P256.SignatureSize))
                || !SignatureVerifier.Verify(to, message, statement[(StatedSize + P256.SignatureSize)..]))
            {
                return null;
            }
            if (keys.Count == 0)
            {
                keys.Add(from.ToArray());
            }
            keys.Add(to.ToArray());
        }
        return keys.DistinctBy(key => Convert.ToHexString(key)).Count() == keys.Count ? new KeyRoleChain([.. keys], handovers) : null;
    }

    /// <summary>The chain with another key at its end.</summary>
    public KeyRoleChain HandOver(EcdsaSigner current, EcdsaSigner next, Id16 reserveId, long nowNs)
    {
        var statement = new byte[StatementSize];
        BinaryPrimitives.WriteUInt32LittleEndian(statement, (uint)_keys.Length);
        BinaryPrimitives.WriteInt64LittleEndian(statement.AsSpan(SinceAt), nowNs);
        current.PublicKey.Span.CopyTo(statement.AsSpan(FromAt));
        next.PublicKey.Span.CopyTo(statement.AsSpan(ToAt));
        var message = Message(reserveId, statement.AsSpan(0, StatedSize));
        current.Sign(message).CopyTo(statement.AsSpan(StatedSize));
        next.Sign(message).CopyTo(statement.AsSpan(StatedSize + P256.SignatureSize));
        return new KeyRoleChain([.. _keys, next.PublicKey.ToArray()], [.. Handovers, .. statement]);
    }

    /// <summary>Whether a key is one of them.</summary>
    public bool Holds(ReadOnlySpan<byte> key)
    {
        foreach (var one in _keys)
        {
            if (key.SequenceEqual(one))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Whether a fingerprint, as a person wrote it, names one of them.</summary>
    public bool Holds(string fingerprint) => _keys.Any(key => Fingerprint.Matches(fingerprint, key));

    /// <summary>This chain, or a longer one that the key in force here is part of: whoever trusts this may trust that.</summary>
    public KeyRoleChain ExtendedBy(KeyRoleChain? other) => other is not null && other.Count > Count && other.Holds(Current) ? other : this;

    /// <summary>Whether a chain has another key than this one before or after a key that both have: a fork, which only whoever has that key's private half can have made.</summary>
    public bool Contradicts(KeyRoleChain other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (var at = 0; at < Count; at++)
        {
            if (Array.FindIndex(other._keys, key => key.AsSpan().SequenceEqual(_keys[at])) is >= 0 and var there)
            {
                var back = Math.Min(at, there);
                var here = _keys[(at - back)..];
                return here.Zip(other._keys[(there - back)..]).Any(pair => !pair.First.AsSpan().SequenceEqual(pair.Second));
            }
        }
        return false;
    }

    private static byte[] Message(Id16 reserveId, ReadOnlySpan<byte> stated) => [.. "sting1 next"u8, .. reserveId.ToArray(), .. stated];
}

/// <summary>What a host remembers of the key role's keys, <c>host/key-role</c>: it proves itself, and is read from the repository again where it is lost.</summary>
internal static class KeyRoleMemory
{
    private const string FileName = "key-role";

    /// <summary>Reads it; null where there is none, or none that counts.</summary>
    public static KeyRoleChain? Read(IKeyFiles files, KeyOptions options, Id16 reserveId)
    {
        var path = Path.Combine(HostKeys.FolderOf(options), FileName);
        try
        {
            return files.Read(path) is { } bytes ? KeyRoleChain.TryRead(KeyFrame.ReadWhole(bytes, KeyFileKind.KeyRoleChain, path).ToArray(), reserveId) : null;
        }
        catch (StingException fault) when (fault.Kind is FailureKind.Integrity or FailureKind.NotSupported or FailureKind.PermissionDenied)
        {
            return null;
        }
    }

    /// <summary>Writes it, where this role may.</summary>
    public static void Write(IKeyFiles files, KeyOptions options, KeyRoleChain chain)
    {
        try
        {
            files.Replace(Path.Combine(HostKeys.FolderOf(options), FileName), KeyFrame.Write(KeyFileKind.KeyRoleChain, chain.Handovers));
        }
        catch (StingException fault) when (fault.ErrorId == "KeyFileUnavailable")
        {
            // The repository has it as well, and is asked again.
        }
    }
}
