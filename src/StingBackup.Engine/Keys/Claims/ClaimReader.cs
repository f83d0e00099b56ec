using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Keys;

/// <summary>Reads claims as a host: checks them, and opens the writer secret that was sealed to it.</summary>
internal sealed class ClaimReader(HostKeys host, SignatureVerifier keyRole, EnrolledWriters writers)
{
    /// <summary>The claim under a tag, checked; null when nobody claimed it.</summary>
    /// <exception cref="StingException"><c>ClaimDamaged</c></exception>
    public async ValueTask<SubjectClaim?> ReadAsync(IObjectStore store, Id16 tag, CancellationToken cancel) =>
        await ReadBytesAsync(store, KeyObjectNames.Claim(tag), cancel).ConfigureAwait(false) is { } bytes ? Check(tag, bytes) : null;

    /// <summary>Checks the bytes of a claim.</summary>
    /// <exception cref="StingException"><c>ClaimDamaged</c></exception>
    public SubjectClaim Check(Id16 tag, byte[] bytes) => SubjectClaim.Read(KeyObjectNames.Claim(tag), bytes, host.ReserveId, keyRole, writers);

    /// <summary>The writer secret of a claim, as this host can read it. The caller disposes it.</summary>
    /// <exception cref="StingException"><c>ClaimNotReadable</c></exception>
    public SecretBytes OpenSecret(SubjectClaim claim, string canonicalName)
    {
        var mine = claim.Secrets.FirstOrDefault(secret => secret.Writer == host.WriterId)
            ?? throw NotReadable(claim, canonicalName, "this host was enrolled after it was made");
        var secret = new SecretBytes(WriterSecret.Size);
        Span<byte> info = stackalloc byte[BoundInfo.MaxSize];
        info = info[..BoundInfo.Write(info, BoundInfo.WriterSecret, host.ReserveId, claim.Key.Pseudonym)];
        if (Hpke.TryOpen(host.EncryptionKey, info, [], mine.Sealed, secret.Writable))
        {
            return secret;
        }
        secret.Dispose();
        throw NotReadable(claim, canonicalName, "the writer secret in it was not sealed to this host's key");
    }

    /// <summary>Makes a claim for a tag, with the writer secret sealed to every host that may write now.</summary>
    public SubjectClaim Make(Id16 tag, SubjectPublicKey key, SecretBytes writerSecret, IReadOnlyList<Id16> aliases, long createdNs) => new()
    {
        Tag = tag, Key = key, Writer = host.WriterId, CreatedNs = createdNs, Aliases = aliases,
        Secrets = [.. writers.All.Where(writer => writer.LastGoodSequence is null).Select(writer => SealTo(writer, key.Pseudonym, writerSecret))],
    };

    /// <summary>Write keys from a writer secret.</summary>
    public static SubjectWriteKeys WriteKeys(string canonicalName, SubjectPublicKey key, SecretBytes writerSecret) =>
        new(canonicalName, key.Pseudonym, key.Generation, key.PublicKey, WriterSecret.IdKey(writerSecret.Span), WriterSecret.CutKey(writerSecret.Span));

    /// <summary>An object's bytes, or null when it is not there.</summary>
    public static async ValueTask<byte[]?> ReadBytesAsync(IObjectStore store, string name, CancellationToken cancel)
    {
        try
        {
            return await store.ReadAllAsync(name, cancel).ConfigureAwait(false);
        }
        catch (StingException missing) when (missing.ErrorId == "ObjectNotFound")
        {
            return null;
        }
    }

    private SealedWriterSecret SealTo(EnrolledWriter writer, Id16 pseudonym, SecretBytes writerSecret)
    {
        Span<byte> info = stackalloc byte[BoundInfo.MaxSize];
        info = info[..BoundInfo.Write(info, BoundInfo.WriterSecret, host.ReserveId, pseudonym)];
        return new SealedWriterSecret(writer.Id, Hpke.Seal(writer.EncryptionKey, info, [], writerSecret.Span));
    }

    private static StingException NotReadable(SubjectClaim claim, string canonicalName, string why) => new(
        "ClaimNotReadable", FailureKind.Authentication, $"This host cannot use claim '{claim.ObjectName}' of subject '{canonicalName}': {why}.", canonicalName,
        "Run Repair-StingRepository with the key file's passphrase: it rebuilds claims for every enrolled host.");
}
