using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using StingBackup.Portal.Access;

namespace StingBackup.Portal.Http;

/// <summary>
/// How often somebody may ask, and how much of what is costly may go on at once for one person: what is beyond waits in line, and beyond that is refused. Without a bound one person who reads slowly, or not at all, could
/// hold thousands of open files and streams.
/// </summary>
internal static class AtOnce
{
    /// <summary>Contents of files; archives, each of which may be all that somebody has; searches through all backups; events of a job, which stay open.</summary>
    public const string Downloads = "downloads", Archives = "archives", Searches = "searches", Streams = "streams";

    private const int AnonymousShare = 10, AnonymousLeast = 30;
    private static readonly (string Name, int Most, int Line)[] Policies = [(Downloads, 8, 32), (Archives, 2, 6), (Searches, 4, 16), (Streams, 6, 0)];

    public static void Configure(RateLimiterOptions limiter, PortalContext portal)
    {
        limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        limiter.OnRejected = (rejected, _) =>
        {
            var seconds = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? (int)Math.Ceiling(after.TotalSeconds) : 1;
            rejected.HttpContext.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            return new ValueTask(rejected.HttpContext.RefuseAsync(new Refusal("TooManyRequests", StatusCodes.Status429TooManyRequests)));
        };
        limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context =>
        {
            if (context.Features.Get<Microsoft.AspNetCore.Diagnostics.IStatusCodeReExecuteFeature>() is not null)
            {
                return RateLimitPartition.GetNoLimiter("");   // the page that says so is no further request
            }
            var user = PortalUser.Of(context.User);
            var (key, rate) = user is null ? ($"address {PlaceOf(context.Connection.RemoteIpAddress)}", Math.Max(portal.Options.RequestsAMinute / AnonymousShare, AnonymousLeast)) : ($"session {user.Identity}", portal.Options.RequestsAMinute);
            return RateLimitPartition.GetTokenBucketLimiter(key, _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = rate, TokensPerPeriod = Math.Max(rate / 6, 1), ReplenishmentPeriod = TimeSpan.FromSeconds(10), QueueLimit = 0,
            });
        });
        foreach (var (name, most, line) in Policies)
        {
            limiter.AddPolicy(name, context => RateLimitPartition.GetConcurrencyLimiter(PortalUser.Of(context.User)?.Identity.ToString() ?? "", _ => new ConcurrencyLimiterOptions
            {
                PermitLimit = most, QueueLimit = line, QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
            }));
        }
    }

    /// <summary>Where somebody asks from: of version 6 the network, since each of its hosts has more addresses than could ever be counted.</summary>
    internal static string PlaceOf(IPAddress? address)
    {
        const int networkBytes = 8;
        if (address is null)
        {
            return "";
        }
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily == AddressFamily.InterNetworkV6 ? new IPAddress([.. plain.GetAddressBytes().AsSpan(0, networkBytes), .. new byte[networkBytes]]) + "/64" : plain.ToString();
    }
}
