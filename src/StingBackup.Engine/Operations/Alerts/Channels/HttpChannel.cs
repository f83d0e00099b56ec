using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace StingBackup.Engine.Operations.Alerts.Channels;

/// <summary>A channel that takes JSON by HTTP.</summary>
/// <param name="name">Its name.</param>
/// <param name="request">Makes the request of a message; null where it is not told such messages.</param>
internal sealed class HttpChannel(string name, Func<AlertMessage, HttpRequestMessage?> request) : IAlertChannel
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public string Name => name;

    public async Task SendAsync(AlertMessage message, CancellationToken cancel)
    {
        using var asked = request(message);
        if (asked is null)
        {
            return;
        }
        // One message now and then: nothing is gained by a client that is kept. A redirect could lead the token elsewhere.
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler);
        try
        {
            using var answer = await client.SendAsync(asked, cancel).ConfigureAwait(false);
            if (!answer.IsSuccessStatusCode)
            {
                throw AlertErrors.Undelivered(name, string.Create(CultureInfo.InvariantCulture, $"it answered {(int)answer.StatusCode}{(answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound ? " (is the secret the right one?)" : "")}"));
            }
        }
        catch (HttpRequestException e)
        {
            throw AlertErrors.Undelivered(name, e.HttpRequestError == HttpRequestError.Unknown ? "it cannot be reached" : e.HttpRequestError.ToString(), e);
        }
    }

    /// <summary>A request that posts a value.</summary>
    public static HttpRequestMessage Post(string address, object value, string? token = null) => With(HttpMethod.Post, address, value, token);

    /// <summary>A request that puts a value.</summary>
    public static HttpRequestMessage Put(string address, object value, string? token) => With(HttpMethod.Put, address, value, token);

    private static HttpRequestMessage With(HttpMethod method, string address, object value, string? token)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http"))
        {
            throw AlertErrors.Undelivered("HTTP", "its address is no URL");
        }
        var request = new HttpRequestMessage(method, uri) { Content = new StringContent(JsonSerializer.Serialize(value, Json), Encoding.UTF8, "application/json") };
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
        return request;
    }
}
