using System.Collections.Concurrent;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Cryptography;

/// <summary>The writers that the key role enrolled, and what was wrong with enrolments that were found. Safe to use from many threads.</summary>
public sealed class EnrolledWriters : IDisposable
{
    private readonly Dictionary<Id16, EnrolledWriter> _writers;
    private readonly ConcurrentDictionary<Id16, SignatureVerifier> _verifiers = new();

    /// <summary>Takes writers, one each, and faults.</summary>
    public EnrolledWriters(IEnumerable<EnrolledWriter> writers, IReadOnlyList<StingException> faults)
    {
        _writers = writers.ToDictionary(writer => writer.Id);
        Faults = faults;
    }

    /// <summary>Every writer, revoked ones included, ordered by id.</summary>
    public IReadOnlyList<EnrolledWriter> All => [.. _writers.Values.OrderBy(writer => writer.Id)];

    /// <summary>Enrolments that could not be used, each with its object named; where a good copy was at hand, that one is in use.</summary>
    public IReadOnlyList<StingException> Faults { get; }

    /// <summary>A writer, or null when he was never enrolled.</summary>
    public EnrolledWriter? Find(Id16 id) => _writers.GetValueOrDefault(id);

    /// <summary>A writer's signing key, 65 bytes, and those of before, joined to it, newest first; null when he was never enrolled.</summary>
    public ReadOnlyMemory<byte>? SigningKeyOf(Id16 id) =>
        _writers.TryGetValue(id, out var writer) ? (byte[])[.. writer.SigningKey, .. writer.EarlierSigningKeys] : default(ReadOnlyMemory<byte>?);   // not null: a null array would become an empty key

    /// <summary>Whether a signature over data is an enrolled writer's.</summary>
    public bool Verify(Id16 writer, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
        _writers.TryGetValue(writer, out var enrolled)
        && _verifiers.GetOrAdd(writer, _ => new SignatureVerifier([.. enrolled.SigningKey, .. enrolled.EarlierSigningKeys])).Verify(data, signature);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var verifier in _verifiers.Values)
        {
            verifier.Dispose();
        }
    }
}
