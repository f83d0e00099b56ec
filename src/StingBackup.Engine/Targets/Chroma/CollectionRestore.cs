using System.Text.Json;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Chroma;

namespace StingBackup.Engine.Targets.Chroma;

/// <summary>What became of a collection's records.</summary>
/// <param name="Name">The collection.</param>
internal sealed record CollectionReport(string Name)
{
    /// <summary>Whether the collection was made.</summary>
    public bool IsNew { get; set; }
    /// <summary>Whether its metadata stand there with other values; they were left.</summary>
    public bool HasOtherMetadata { get; set; }
    /// <summary>Records that were not there.</summary>
    public long Restored { get; set; }
    /// <summary>Records that stood there as they are wanted.</summary>
    public long Equal { get; set; }
    /// <summary>Records that stood there with other values, and were left.</summary>
    public long Kept { get; set; }
    /// <summary>Records that stood there with other values, and were replaced.</summary>
    public long Replaced { get; set; }
    /// <summary>Records whose vector holds what is no number, which no JSON can say.</summary>
    public long Unsendable { get; set; }
}

/// <summary>Puts a collection's records back into a running Chroma: the collection is made where it is missing, records that it got since the backup stay.</summary>
internal sealed class CollectionRestore(ChromaClient client, bool replaces)
{
    /// <summary>How far two vectors of one direction may be apart in a collection that Chroma normalises: it keeps those of the cosine distance with length 1.</summary>
    private const double SameDirection = 1e-5;

    /// <summary>Restores. Run again, it goes on where it stopped.</summary>
    /// <exception cref="StingException"><c>ChromaCollectionDiffers</c>, <c>ChromaCaptureDamaged</c>, and what the server says</exception>
    public async Task<CollectionReport> RunAsync(CollectionFileReader file, CancellationToken cancel)
    {
        var wanted = file.Header.Collection;
        var report = new CollectionReport(wanted.Name);
        var standing = await client.FindAsync(wanted.Name, cancel).ConfigureAwait(false);
        if (standing is null)
        {
            report.IsNew = true;
            standing = await client.CreateAsync(wanted.Name, wanted.Metadata, wanted.Configuration, cancel).ConfigureAwait(false);
        }
        if (file.Header.Records > 0 && standing.Dimension is { } dimension && dimension != wanted.Dimension)
        {
            throw ChromaErrors.CollectionDiffers(wanted.Name, FormattableString.Invariant($"its vectors have {dimension} numbers, those of the backup {wanted.Dimension}"));
        }
        report.HasOtherMetadata = !Same(standing.Metadata, wanted.Metadata);
        var normalises = Normalises(standing);
        foreach (var page in file.Records().Chunk(client.PageRecords))
        {
            var sendable = page.Where(r => Array.TrueForAll(r.Vector, float.IsFinite)).ToList();
            report.Unsendable += page.Length - sendable.Count;
            if (sendable.Count > 0)
            {
                await RestorePageAsync(standing.Id, sendable, normalises, report, cancel).ConfigureAwait(false);
            }
        }
        return report;
    }

    private async Task RestorePageAsync(string collection, List<ChromaRecord> page, bool normalises, CollectionReport report, CancellationToken cancel)
    {
        var there = await ReadAsync(collection, page.Select(r => r.Id), cancel).ConfigureAwait(false);
        var missing = page.Where(r => !there.ContainsKey(r.Id)).ToList();
        var different = page.Where(r => there.TryGetValue(r.Id, out var other) && !Same(r, other, normalises)).ToList();
        await WriteAsync(collection, missing, replace: false, cancel).ConfigureAwait(false);
        if (replaces)
        {
            // A text or uri that is not wanted goes only with its record.
            var surplus = different.Where(r => there[r.Id] is var other && ((other.Document is not null && r.Document is null) || (other.Uri is not null && r.Uri is null))).Select(r => r.Id).ToList();
            if (surplus.Count > 0)
            {
                await client.DeleteAsync(collection, surplus, cancel).ConfigureAwait(false);
            }
            await WriteAsync(collection, [.. different.Select(r => r with { Metadata = Exactly(r.Metadata, surplus.Contains(r.Id) ? null : there[r.Id].Metadata) })], replace: true, cancel).ConfigureAwait(false);
        }
        report.Restored += missing.Count;
        report.Equal += page.Count - missing.Count - different.Count;
        (report.Replaced, report.Kept) = replaces ? (report.Replaced + different.Count, report.Kept) : (report.Replaced, report.Kept + different.Count);
    }

    /// <summary>Writes, and looks whether they are there: a server that takes records later answers before.</summary>
    private async Task WriteAsync(string collection, List<ChromaRecord> records, bool replace, CancellationToken cancel)
    {
        foreach (var group in records.GroupBy(r => (r.Document is null, r.Uri is null)))
        {
            await client.WriteAsync(collection, [.. group], replace, cancel).ConfigureAwait(false);
        }
        if (records.Count > 0 && (await ReadAsync(collection, records.Select(r => r.Id), cancel).ConfigureAwait(false)).Count is var found && found < records.Count)
        {
            throw new StingException("ChromaRequestRefused", FailureKind.Io, FormattableString.Invariant($"Chroma took {records.Count} records and has {found} of them."), collection,
                "Look into the server's log at this time; then restore again: what is there is not written twice.");
        }
    }

    private async Task<Dictionary<string, ChromaRecord>> ReadAsync(string collection, IEnumerable<string> ids, CancellationToken cancel)
    {
        var wanted = ids.ToList();
        for (var attempt = 1; ; attempt++)
        {
            if (await client.ReadAsync(collection, wanted, cancel).ConfigureAwait(false) is { } records)
            {
                return records.ToDictionary(r => r.Id, StringComparer.Ordinal);
            }
            if (attempt == 5)
            {
                throw new StingException("ChromaAnswerUnknown", FailureKind.NotSupported, "Records that stand in Chroma have no vector, or vectors no record.", collection, "Run it again when nothing is being deleted.");
            }
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Metadata that leave nothing of those that stand there: a key that is not wanted is set to null, which removes it.</summary>
    private static byte[]? Exactly(byte[]? wanted, byte[]? standing)
    {
        var keys = Keys(standing).Except(Keys(wanted), StringComparer.Ordinal).ToList();
        if (keys.Count == 0)
        {
            return wanted;
        }
        using var target = new MemoryStream();
        using (var json = new Utf8JsonWriter(target))
        {
            json.WriteStartObject();
            foreach (var key in keys)
            {
                json.WriteNull(key);
            }
            if (wanted is not null)
            {
                using var values = JsonDocument.Parse(wanted);
                foreach (var property in values.RootElement.EnumerateObject())
                {
                    json.WritePropertyName(property.Name);
                    json.WriteRawValue(CanonicalJson.ToBytes(property.Value));   // 1.0 stays 1.0
                }
            }
            json.WriteEndObject();
        }
        return target.ToArray();
    }

    private static List<string> Keys(byte[]? metadata)
    {
        if (metadata is null)
        {
            return [];
        }
        using var json = JsonDocument.Parse(metadata);
        return [.. json.RootElement.EnumerateObject().Select(p => p.Name)];
    }

    private static bool Same(ChromaRecord a, ChromaRecord b, bool normalises) =>
        a.Document == b.Document && a.Uri == b.Uri && Same(a.Metadata, b.Metadata) && (a.Vector.AsSpan().SequenceEqual(b.Vector) || (normalises && a.Vector.Length == b.Vector.Length && 1 - Cosine(a.Vector, b.Vector) < SameDirection));

    private static double Cosine(float[] a, float[] b)
    {
        double product = 0, first = 0, second = 0;
        for (var i = 0; i < a.Length; i++)
        {
            product += (double)a[i] * b[i];
            first += (double)a[i] * a[i];
            second += (double)b[i] * b[i];
        }
        return first == 0 || second == 0 ? (first == second ? 1 : 0) : product / Math.Sqrt(first * second);
    }

    private static bool Same(byte[]? a, byte[]? b) => (a ?? []).AsSpan().SequenceEqual(b ?? []);

    /// <summary>Whether the collection's distance is the cosine, by its configuration or, in older ones, its metadata (chromadb/segment/impl/vector/hnsw_params.py).</summary>
    private static bool Normalises(ChromaCollection collection) =>
        Says(collection.Metadata, m => m.TryGetProperty("hnsw:space", out var space) && space.ValueKind == JsonValueKind.String && space.GetString() == "cosine")
        || Says(collection.Configuration, c => ((c.TryGetProperty("hnsw_configuration", out var hnsw) || c.TryGetProperty("hnsw", out hnsw)) && hnsw.ValueKind == JsonValueKind.Object
            && hnsw.TryGetProperty("space", out var space) && space.ValueKind == JsonValueKind.String && space.GetString() == "cosine"));

    private static bool Says(byte[]? json, Func<JsonElement, bool> asks)
    {
        if (json is null)
        {
            return false;
        }
        using var document = JsonDocument.Parse(json);
        return asks(document.RootElement);
    }
}
