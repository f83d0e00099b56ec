using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Portal.Access;
using StingBackup.Portal.SignIn;

namespace StingBackup.Portal.Pages;

[PortalRule(Audience.Anyone)]
internal sealed class SignInModel(PortalContext portal) : PageModel
{
    /// <summary>Whether somebody is signed in, and must do so anew.</summary>
    [BindProperty(SupportsGet = true)]
    public bool Fresh { get; set; }

    /// <summary>Where to go then: a path of the portal's own.</summary>
    [BindProperty(SupportsGet = true, Name = "return")]
    public string? Back { get; set; }

    /// <summary>Whether the provider's answer was none.</summary>
    [BindProperty(SupportsGet = true)]
    public bool Failed { get; set; }

    /// <summary>How people sign in here.</summary>
    public PortalSignIn Way => portal.Options.SignIn;

    /// <summary>Where the provider's sign-in begins.</summary>
    public string Start => (Way == PortalSignIn.Kratos ? "/sign-in/kratos" : "/sign-in/oidc/start")
        + QueryString.Create([KeyValuePair.Create<string, string?>("return", LocalPath.Of(Back)), .. Fresh ? [KeyValuePair.Create<string, string?>("fresh", "true")] : Array.Empty<KeyValuePair<string, string?>>()]).ToUriComponent();
}
