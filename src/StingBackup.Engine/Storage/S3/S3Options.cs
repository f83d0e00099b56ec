namespace StingBackup.Engine.Storage.S3;

/// <summary>How a bucket is reached. Holds no secret.</summary>
public sealed record S3Options
{
    /// <summary>The bucket and what keys start with.</summary>
    public required S3Address Address { get; init; }
    /// <summary>The server; null for Amazon's of <see cref="Region"/>.</summary>
    public Uri? Endpoint { get; init; }
    /// <summary>The region that requests are signed for, and where Amazon's server stands.</summary>
    public string Region { get; init; } = "us-east-1";
    /// <summary>Whether the bucket stands in the path (<c>https://host/bucket</c>) and not in the host's name. Most servers but Amazon's need it.</summary>
    public bool PathStyle { get; init; }
    /// <summary>A file of PEM certificates that alone may vouch for the server; null trusts what the host trusts.</summary>
    public string? CertificateAuthorities { get; init; }
    /// <summary>How credentials are got.</summary>
    public S3Login Login { get; init; } = new S3ChainLogin();
    /// <summary>True when this host is the one that may write where a server takes no conditional writes.</summary>
    public bool IsOnlyWriter { get; init; }
    /// <summary>The storage class of data packs; null for the bucket's own. All else stays hot, so that listing and planning thaw nothing.</summary>
    public string? DataStorageClass { get; init; }
    /// <summary>How what is stored is locked; null for not at all.</summary>
    public S3Lock? Lock { get; init; }
    /// <summary>Where what the server can do is noted between runs; null to ask it each time.</summary>
    public string? AbilityFolder { get; init; }
    /// <summary>How long what was found out counts.</summary>
    public TimeSpan AbilityAge { get; init; } = TimeSpan.FromDays(1);
    /// <summary>How much of the network all streams together may use; null for all.</summary>
    public BandwidthLimiter? Bandwidth { get; init; }
    /// <summary>Asked at each new connection whether its packets are marked as those that may wait; null for never.</summary>
    internal Func<bool>? MarksPackets { get; init; }
    /// <summary>Requests that a barrier has under way at once.</summary>
    public int Streams { get; init; } = TransferQueue.DefaultStreams;
    /// <summary>How the requests of a barrier are repeated; null for not at all.</summary>
    public StoreRetry? BarrierRetry { get; init; }
    /// <summary>How long the server may be silent: before its answer begins, and between two pieces of a body, in either direction.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(60);
    /// <summary>Length of an upload's parts: a pack is one. Servers take no shorter ones than 5 MiB but the last.</summary>
    public int PartSize { get; init; } = 64 << 20;
    /// <summary>Staged objects up to this length wait in memory and are stored by one request; longer ones are sent at once, as uploads that the barrier completes.</summary>
    public int LongestHeld { get; init; } = 1 << 20;
    /// <summary>Objects that the server is asked for at once in a listing.</summary>
    public int ListPage { get; init; } = 1000;

    /// <summary>The server, for messages.</summary>
    public string ShowEndpoint() => Endpoint is null ? $"Amazon S3 ({Region})" : Endpoint.GetLeftPart(UriPartial.Authority);
}

/// <summary>How what is stored in a bucket is locked.</summary>
/// <param name="Mode">The mode.</param>
/// <param name="AtLeast">For how long from the time at which it is stored; it is extended later.</param>
public sealed record S3Lock(TierLockMode Mode, TimeSpan AtLeast);
