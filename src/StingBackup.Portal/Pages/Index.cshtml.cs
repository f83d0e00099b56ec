using Microsoft.AspNetCore.Mvc.RazorPages;
using StingBackup.Portal.Access;

namespace StingBackup.Portal.Pages;

[PortalRule(Audience.SignedIn)]
internal sealed class IndexModel : PageModel;
