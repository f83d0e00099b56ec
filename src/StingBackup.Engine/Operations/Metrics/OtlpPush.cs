using System.Diagnostics.Metrics;
using System.Globalization;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using StingBackup.Engine.Operations.Alerts.Channels;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Operations.Metrics;

/// <summary>Sends the metrics to a collector of OpenTelemetry: OTLP over HTTP, protobuf. The same table as the file's and the endpoint's, under the same names; each is a gauge.</summary>
public static class OtlpPush
{
    private const string Scope = "StingBackup";
    private const int PatienceMs = 10_000;

    /// <summary>The library sends what every meter of a name has, so one is at work at a time.</summary>
    private static readonly SemaphoreSlim One = new(1);

    /// <summary>Sends them.</summary>
    /// <exception cref="StingException"><c>MetricsUndelivered</c>, <c>AlertSecretUnreadable</c></exception>
    public static async Task SendAsync(OtlpTarget target, BackupMetrics metrics, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(metrics);
        var endpoint = new Uri(target.Endpoint);
        var token = target.TokenFile is { } file ? AlertErrors.ReadSecret(file) : null;
        if (token is not null && endpoint.Scheme != Uri.UriSchemeHttps && !endpoint.IsLoopback)
        {
            throw Undelivered(target, "a token is sent by https alone", null);
        }
        await One.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            using var wire = new Wire(token);
            if (!await Task.Run(() => Send(endpoint, metrics, wire), cancel).ConfigureAwait(false) || wire.Problem is not null)
            {
                throw Undelivered(target, wire.Problem ?? "nothing was sent", wire.Cause);
            }
        }
        finally
        {
            One.Release();
        }
    }

    private static bool Send(Uri endpoint, BackupMetrics metrics, Wire wire)
    {
        var options = new OtlpExporterOptions { Endpoint = endpoint, Protocol = OtlpExportProtocol.HttpProtobuf, TimeoutMilliseconds = PatienceMs, Headers = "", HttpClientFactory = () => new HttpClient(wire, disposeHandler: false) { Timeout = TimeSpan.FromMilliseconds(PatienceMs) } };
        using var meter = new Meter(Scope, typeof(OtlpPush).Assembly.GetName().Version!.ToString(3));
        using var reader = new BaseExportingMetricReader(new OtlpMetricExporter(options)) { TemporalityPreference = MetricReaderTemporalityPreference.Cumulative };
        using var provider = Sdk.CreateMeterProviderBuilder().AddMeter(Scope).AddReader(reader)
            .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddService("sting-backup", serviceInstanceId: metrics.ReserveId, autoGenerateServiceInstanceId: false).AddAttributes([new("host.name", (object)Environment.MachineName)])).Build();
        foreach (var family in MetricFamilies.Of(metrics).Where(f => f.Samples.Count > 0))
        {
            meter.CreateObservableGauge(family.Name, () => family.Samples.Select(s => s.Label is { } label ? new Measurement<double>(s.Value, new KeyValuePair<string, object?>(label.Name, label.Value)) : new Measurement<double>(s.Value)), UnitOf(family.Name), family.Help);
        }
        // Which takes them once, and sends them; to collect and then to end would send them twice.
        return provider.Shutdown(PatienceMs);
    }

    /// <summary>As UCUM has it, which OpenTelemetry goes by.</summary>
    private static string? UnitOf(string name) => name.EndsWith("_seconds", StringComparison.Ordinal) ? "s" : name.EndsWith("_bytes", StringComparison.Ordinal) ? "By" : name.EndsWith("_ratio", StringComparison.Ordinal) ? "1" : null;

    private static StingException Undelivered(OtlpTarget target, string why, Exception? cause) => new("MetricsUndelivered", FailureKind.Io, $"The collector at '{target.Endpoint}' did not take the metrics: {why}.", target.Endpoint,
        "See that metrics.otlp_endpoint is the whole address of its OTLP over HTTP, such as http://127.0.0.1:4318/v1/metrics, and that metrics.otlp_token_file holds the right token; then Export-StingMetric -Otlp.", cause);

    /// <summary>What goes out: with the token, past redirects, which could lead it elsewhere; and what came back, which the library tells nobody.</summary>
    private sealed class Wire(string? token) : DelegatingHandler(new SocketsHttpHandler { AllowAutoRedirect = false })
    {
        public string? Problem { get; private set; }
        public Exception? Cause { get; private set; }

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Authorize(request);
            try
            {
                return Look(base.Send(request, cancellationToken));
            }
            catch (Exception e) when (Note(e))
            {
                throw;
            }
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Authorize(request);
            try
            {
                return Look(await base.SendAsync(request, cancellationToken).ConfigureAwait(false));
            }
            catch (Exception e) when (Note(e))
            {
                throw;
            }
        }

        private void Authorize(HttpRequestMessage request)
        {
            if (token is not null)
            {
                request.Headers.Authorization = new("Bearer", token);
            }
        }

        private HttpResponseMessage Look(HttpResponseMessage answer)
        {
            (Problem, Cause) = (answer.IsSuccessStatusCode ? null : string.Create(CultureInfo.InvariantCulture, $"it answered {(int)answer.StatusCode}"), null);
            return answer;
        }

        private bool Note(Exception e)
        {
            (Problem, Cause) = (e is HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } known ? known.HttpRequestError.ToString() : e is OperationCanceledException ? "it did not answer in time" : "it cannot be reached", e);
            return true;
        }
    }
}
