using Amazon.S3.Model;

namespace StingBackup.Engine.Storage.S3;

/// <summary>An object that waits for the barrier: its bytes, or an upload whose parts have all arrived and which shows nothing yet.</summary>
internal sealed record S3Staged(string Name, long Length)
{
    public ReadOnlyMemory<byte> Content { get; init; }
    public string? Upload { get; init; }
    public PartETag[] Parts { get; init; } = [];
}

/// <summary>What is staged between two barriers.</summary>
internal sealed class S3Staging(S3Bucket bucket, S3Options options)
{
    /// <summary>Bytes that may wait in memory; beyond, even short objects are sent at once.</summary>
    private const long MostHeld = 64 << 20;

    private readonly Lock _gate = new();
    private List<S3Staged> _staged = [];
    private long _held;

    /// <summary>Takes an object: a short one is copied, a longer one sent as parts before this returns.</summary>
    public async Task AddAsync(string name, ReadOnlyMemory<byte> content, S3Abilities abilities, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (content.Length <= options.LongestHeld && _held + content.Length <= MostHeld)
            {
                _held += content.Length;
                _staged.Add(new S3Staged(name, content.Length) { Content = content.ToArray() });
                return;
            }
        }
        var upload = await bucket.BeginUploadAsync(name, abilities, cancel).ConfigureAwait(false);
        try
        {
            var parts = new List<PartETag>();
            for (var at = 0; at < content.Length; at += options.PartSize)
            {
                var part = content.Slice(at, Math.Min(options.PartSize, content.Length - at));
                parts.Add(await bucket.SendPartAsync(name, upload, parts.Count + 1, (part, part.Length == content.Length), abilities, cancel).ConfigureAwait(false));
            }
            lock (_gate)
            {
                _staged.Add(new S3Staged(name, content.Length) { Upload = upload, Parts = [.. parts] });
            }
        }
        catch
        {
            await bucket.AbandonUploadAsync(name, upload, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Takes all, in the order in which they came.</summary>
    public List<S3Staged> TakeAll()
    {
        lock (_gate)
        {
            var all = _staged;
            _staged = [];
            _held = 0;
            return all;
        }
    }

    /// <summary>Puts back what the barrier did not come to.</summary>
    public void PutBack(IReadOnlyCollection<S3Staged> rest)
    {
        lock (_gate)
        {
            _staged.InsertRange(0, rest);
            _held += rest.Sum(s => s.Content.Length);
        }
    }

    /// <summary>Drops one.</summary>
    public async Task AbandonAsync(S3Staged staged)
    {
        if (staged.Upload is { } upload)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            await bucket.AbandonUploadAsync(staged.Name, upload, patience.Token).ConfigureAwait(false);
        }
    }
}
