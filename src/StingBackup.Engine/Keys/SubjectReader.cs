using System.Collections.Concurrent;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>
/// The read side of the keys, unlocked: the restore role's. Unwraps a subject's key when it is first asked for, and keeps it, in pinned memory, until disposed.
/// Safe to use from many threads.
/// </summary>
public sealed class SubjectReader : ISubjectReader, IDisposable
{
    private readonly KeyRole _role;
    private readonly KeyStore _store;
    private readonly Id16 _reserveId;
    private readonly bool _owns, _sharesStore;
    private readonly ConcurrentDictionary<(Id16 Pseudonym, uint Generation), Lazy<Subject>> _subjects = new();

    /// <summary>Takes the role over, unless told otherwise.</summary>
    internal SubjectReader(KeyRole role, Id16 reserveId, bool owns = true)
    {
        _role = role;
        _owns = owns;
        _reserveId = reserveId;
        _store = role.OpenStore();
    }

    private SubjectReader(SubjectReader of) => (_role, _store, _reserveId, _sharesStore) = (of._role, of._store, of._reserveId, true);

    /// <summary>The same keys with a memory of its own: disposed, it wipes what it unwrapped and nothing else. It lives no longer than this one.</summary>
    internal SubjectReader Apart() => new(this);

    /// <summary>Opens the key store again, as it is now. It lives no longer than this one.</summary>
    internal SubjectReader Again() => new(_role, _reserveId, owns: false);

    /// <summary>The key role, unlocked with it: on a machine with the local key file the two are one.</summary>
    internal KeyRole Role => _role;

    /// <summary>The current epoch of the key store.</summary>
    public uint Epoch => _store.Epoch;

    /// <summary>What was wrong with key store replicas and epoch places, each named; another one served. Worth a warning each.</summary>
    public IReadOnlyList<StingException> Faults => _store.Faults;

    /// <inheritdoc/>
    public IReadOnlyCollection<Id16> Pseudonyms => _store.Pseudonyms;

    /// <summary>The tag of a canonical name, as the hosts compute it.</summary>
    public Id16 TagOf(string canonicalName) => SubjectTags.Compute(_role.Keys.DirectoryKey.Span, canonicalName);

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> GetIdKey(Id16 pseudonym, uint generation) => Open(pseudonym, generation).IdKey;

    /// <summary>The id key of a subject's newest generation, by which its next chunks are named.</summary>
    /// <exception cref="StingException"><c>SubjectKeyMissing</c>, <c>KeyRecordDamaged</c></exception>
    public ReadOnlyMemory<byte> GetIdKey(Id16 pseudonym) => Open(pseudonym, Newest(pseudonym)).IdKey;

    /// <summary>The cut key of a subject (32 bytes): a reader who rebuilds what a writer cut needs it.</summary>
    /// <exception cref="StingException"><c>SubjectKeyMissing</c>, <c>KeyRecordDamaged</c></exception>
    public ReadOnlyMemory<byte> GetCutKey(Id16 pseudonym) => Open(pseudonym, Newest(pseudonym)).CutKey;

    /// <inheritdoc/>
    /// <exception cref="StingException"><c>SubjectKeyMissing</c>, <c>KeyRecordDamaged</c>, <c>DataKeyDamaged</c></exception>
    public byte[] OpenDataKey(Id16 pseudonym, uint generation, ReadOnlySpan<byte> sealedKey)
    {
        var subject = Open(pseudonym, generation);
        var dataKey = GC.AllocateUninitializedArray<byte>(DataKeys.Size, pinned: true);
        return DataKeys.TryOpen(subject.Key, _reserveId, pseudonym, generation, sealedKey, dataKey)
            ? dataKey
            : throw new StingException("DataKeyDamaged", FailureKind.Integrity,
                $"A sealed data key of subject {pseudonym}, generation {generation}, does not open: it was changed, or sealed for another subject or reserve.", pseudonym.ToString(),
                "Run Test-StingBackupIntegrity to see which objects hold it.");
    }

    /// <summary>Zeroes every key.</summary>
    public void Dispose()
    {
        foreach (var subject in _subjects.Values)
        {
            if (subject.IsValueCreated)
            {
                subject.Value.Dispose();
            }
        }
        _subjects.Clear();
        if (_sharesStore)
        {
            return;
        }
        _store.Dispose();
        if (_owns)
        {
            _role.Dispose();
        }
    }

    /// <summary>The subject's public key, signed anew, and its writer secret: what a claim is rebuilt from. The caller disposes the secret.</summary>
    internal (SubjectPublicKey Key, SecretBytes WriterSecret) Recover(Id16 pseudonym)
    {
        var generation = Newest(pseudonym);
        using var secret = _store.Open(pseudonym, generation, _role.Keys.KekOf);
        using var key = AgreementKey.From(_store.SuiteOf(pseudonym, generation), secret.Span[..KemSuite.PrivateSize]);
        return (_role.Sign(pseudonym, generation, key.PublicKey.ToArray()), SecretBytes.CopyOf(secret.Span[KemSuite.PrivateSize..]));
    }

    private uint Newest(Id16 pseudonym) => _store.NewestGeneration(pseudonym) ?? 1;   // no record: opening generation 1 says so

    private Subject Open(Id16 pseudonym, uint generation)
    {
        var opening = _subjects.GetOrAdd((pseudonym, generation), static (id, self) => new Lazy<Subject>(() => self.Unwrap(id.Pseudonym, id.Generation)), this);
        try
        {
            return opening.Value;
        }
        catch (StingException)
        {
            _subjects.TryRemove(new((pseudonym, generation), opening));
            throw;
        }
    }

    private Subject Unwrap(Id16 pseudonym, uint generation)
    {
        using var secret = _store.Open(pseudonym, generation, _role.Keys.KekOf);
        return new Subject(AgreementKey.From(_store.SuiteOf(pseudonym, generation), secret.Span[..KemSuite.PrivateSize]),
            WriterSecret.IdKey(secret.Span[KemSuite.PrivateSize..]), WriterSecret.CutKey(secret.Span[KemSuite.PrivateSize..]));
    }

    private sealed record Subject(AgreementKey Key, byte[] IdKey, byte[] CutKey) : IDisposable
    {
        public void Dispose()
        {
            Key.Dispose();
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(IdKey);
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(CutKey);
        }

        public override string ToString() => Key.ToString();
    }
}
