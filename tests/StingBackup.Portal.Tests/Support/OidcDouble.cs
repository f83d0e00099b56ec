using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace StingBackup.Portal.Tests.Support;

/// <summary>What is wrong with a token.</summary>
public enum TokenFault { None, ForgedSignature, NoSignature, Expired, OtherIssuer, OtherAudience, OtherNonce, OtherSubjectAtUserInfo, StaleSignIn, NoAuthTime }

/// <summary>A provider of OpenID Connect that checks what a client must send: state, nonce, PKCE, the client's secret.</summary>
internal sealed class OidcDouble : Double
{
    public const string Client = "sting-backup", Secret = "the client's secret", Subject = "oidc-subject-1";

    private readonly RSA _key = RSA.Create(2048), _other = RSA.Create(2048);
    private readonly ConcurrentDictionary<string, IQueryCollection> _codes = new();

    public TokenFault Fault { get; set; }
    public bool EmailVerified { get; set; } = true;
    public ConcurrentQueue<IQueryCollection> Asked { get; } = new();
    /// <summary>What a client sent that it must not, or not sent that it must.</summary>
    public ConcurrentQueue<string> Wrong { get; } = new();

    public static async Task<OidcDouble> StartAsync()
    {
        var made = new OidcDouble();
        await made.BeginAsync();
        return made;
    }

    protected override void Map(WebApplication app)
    {
        app.MapGet("/.well-known/openid-configuration", () => Results.Json(new
        {
            issuer = Address, authorization_endpoint = $"{Address}/authorize", token_endpoint = $"{Address}/token", userinfo_endpoint = $"{Address}/userinfo", jwks_uri = $"{Address}/keys",
            response_types_supported = new[] { "code" }, subject_types_supported = new[] { "public" }, id_token_signing_alg_values_supported = new[] { "RS256" }, code_challenge_methods_supported = new[] { "S256" },
        }));
        app.MapGet("/keys", () =>
        {
            var key = _key.ExportParameters(includePrivateParameters: false);
            return Results.Json(new { keys = new[] { new { kty = "RSA", use = "sig", alg = "RS256", kid = "1", n = Base64Url.EncodeToString(key.Modulus), e = Base64Url.EncodeToString(key.Exponent) } } });
        });
        app.MapGet("/authorize", (HttpContext context) =>
        {
            var query = context.Request.Query;
            Asked.Enqueue(query);
            foreach (var (name, value) in ((string, string)[])[("client_id", Client), ("response_type", "code"), ("code_challenge_method", "S256")])
            {
                Note(query[name] == value, name);
            }
            Note(query["nonce"].ToString().Length > 20 && query["state"].ToString().Length > 20 && query["code_challenge"].ToString().Length == 43 && query["max_age"].ToString().Length > 0, "nonce, state, code_challenge, max_age");
            var code = RandomNumberGenerator.GetHexString(32);
            _codes[code] = query;
            return Results.Redirect($"{query["redirect_uri"]}?code={code}&state={Uri.EscapeDataString(query["state"]!)}");
        });
        app.MapPost("/token", async (HttpContext context) =>
        {
            var form = await context.Request.ReadFormAsync();
            if (!_codes.TryRemove(form["code"].ToString(), out var asked))
            {
                return Results.Json(new { error = "invalid_grant" }, statusCode: 400);
            }
            Note(Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString()))) == asked["code_challenge"], "code_verifier");
            Note(form["client_secret"] == Secret && form["redirect_uri"] == asked["redirect_uri"], "client_secret, redirect_uri");
            return Results.Json(new { access_token = "access", token_type = "Bearer", expires_in = 300, id_token = Token(asked["nonce"]!) });
        });
        app.MapGet("/userinfo", (HttpContext context) =>
        {
            Note(context.Request.Headers.Authorization == "Bearer access", "access token");
            return Results.Json(new { sub = Fault == TokenFault.OtherSubjectAtUserInfo ? "somebody-else" : Subject, email = "ada@example.org", email_verified = EmailVerified, name = "Ada Lovelace" });
        });
    }

    private void Note(bool isRight, string what)
    {
        if (!isRight)
        {
            Wrong.Enqueue(what);
        }
    }

    private string Token(string nonce)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var claims = new Dictionary<string, object>
        {
            ["iss"] = Fault == TokenFault.OtherIssuer ? "https://evil.example" : Address, ["aud"] = Fault == TokenFault.OtherAudience ? "another-client" : Client, ["sub"] = Subject,
            ["iat"] = now, ["exp"] = Fault == TokenFault.Expired ? now - 600 : now + 300, ["nonce"] = Fault == TokenFault.OtherNonce ? "another" : nonce, ["auth_time"] = Fault == TokenFault.StaleSignIn ? now - 7200 : now - 5,
        };
        if (Fault == TokenFault.NoAuthTime)
        {
            claims.Remove("auth_time");
        }
        var head = Part(new Dictionary<string, object> { ["alg"] = Fault == TokenFault.NoSignature ? "none" : "RS256", ["typ"] = "JWT", ["kid"] = "1" }) + "." + Part(claims);
        var key = Fault == TokenFault.ForgedSignature ? _other : _key;
        return Fault == TokenFault.NoSignature ? head + "." : head + "." + Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(head), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    private static string Part(Dictionary<string, object> values) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(values));
}
