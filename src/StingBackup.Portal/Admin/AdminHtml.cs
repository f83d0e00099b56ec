using System.Globalization;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Mvc.Rendering;

namespace StingBackup.Portal.Admin;

/// <summary>Small pieces that many of these pages have.</summary>
internal static class AdminHtml
{
    /// <summary>A moment, for people and for programs.</summary>
    public static IHtmlContent Moment(this IHtmlHelper _, DateTimeOffset? time)
    {
        if (time is not { } known)
        {
            return HtmlString.Empty;
        }
        var tag = new TagBuilder("time");
        tag.Attributes["datetime"] = known.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);
        tag.InnerHtml.Append(known.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture));
        return tag;
    }

    /// <summary>A word in a frame, whose colour says again what it says.</summary>
    /// <param name="_">The page.</param>
    /// <param name="tone"><c>good</c>, <c>warn</c>, <c>bad</c> or <c>muted</c>.</param>
    /// <param name="text">The word.</param>
    public static IHtmlContent Badge(this IHtmlHelper _, string tone, string text)
    {
        var tag = new TagBuilder("span");
        tag.AddCssClass($"badge {tone}");
        tag.InnerHtml.Append(text);
        return tag;
    }

    public static string Number(this IHtmlHelper _, long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    public static string Money(this IHtmlHelper _, decimal amount, string currency = "USD") => string.Create(CultureInfo.InvariantCulture, $"{(currency == "USD" ? "$" : currency + " ")}{amount:N2}");

    /// <summary>A path with what is given of its query.</summary>
    public static string To(string path, params ReadOnlySpan<(string Name, string? Value)> query)
    {
        var address = new QueryString();
        foreach (var (name, value) in query)
        {
            address = value is null ? address : address.Add(name, value);
        }
        return path + address.ToUriComponent();
    }

    /// <summary>A share for an attribute of a bar.</summary>
    public static string Share(this IHtmlHelper _, double share) => Math.Clamp(share, 0, 1).ToString("0.###", CultureInfo.InvariantCulture);

    public static string Tone(ApprovalState state) => state switch { ApprovalState.Approved or ApprovalState.Used => "good", ApprovalState.Open => "warn", ApprovalState.Refused or ApprovalState.Denied => "bad", _ => "muted" };

    public static string Tone(HostJobState state) => state switch { HostJobState.Completed => "good", HostJobState.Failed or HostJobState.Died => "bad", HostJobState.CompletedWithErrors or HostJobState.Stopping => "warn", _ => "muted" };

    public static string Tone(RecoveryVerdict? verdict) => verdict switch { RecoveryVerdict.Passed => "good", RecoveryVerdict.Failed => "bad", _ => "muted" };

    public static string Tone(AlertSeverity severity) => severity == AlertSeverity.Warning ? "warn" : "bad";

    public static string Tone(KeyState state) => state switch { KeyState.Ready or KeyState.Sealed => "good", KeyState.Low or KeyState.Stale or KeyState.Exposed => "warn", KeyState.Revoked => "muted", _ => "bad" };

    public static string Tone(RetrievalState state) => state switch { RetrievalState.Ready => "good", RetrievalState.Expired => "muted", _ => "warn" };
}
