// A certified OpenID provider for the tests, with people in memory. Prints its address; POST /test/rotate changes its keys.
import http from "node:http";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { Provider } from "oidc-provider";

const [redirect, afterwards, port] = process.argv.slice(2);
const PEOPLE = {
  ayse: { name: "Ayşe Örnek", groups: ["cozum-merkezi-operatorleri"] },
  veli: { name: "Veli Örnek", groups: ["temizlik-isleri-memurlari", "yazici-kullananlar"] },
  misafir: { name: "Misafir Örnek", groups: ["yazici-kullananlar"] },
};

function key() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" };
}

function provider(issuer) {
  const made = new Provider(issuer, {
    clients: [{
      client_id: "desk",
      client_secret: "a-secret-of-the-tests",
      redirect_uris: [redirect],
      post_logout_redirect_uris: [afterwards],
      token_endpoint_auth_method: "client_secret_basic",
    }],
    claims: { openid: ["sub"], profile: ["name", "groups"] },
    conformIdTokenClaims: process.env.GROUPS_AT_USERINFO === "yes",
    cookies: { keys: ["a-key-of-the-tests"] },
    jwks: { keys: [key()] },
    pkce: { required: () => true },
    findAccount: (_, sub) => PEOPLE[sub] && { accountId: sub, claims: () => ({ sub, ...PEOPLE[sub] }) },
    features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  });
  return made.callback();
}

let answer;
const server = http.createServer((request, response) => {
  if (request.method === "POST" && request.url === "/test/rotate") {
    answer = provider(`http://127.0.0.1:${server.address().port}`);
    return response.writeHead(204).end();
  }
  return answer(request, response);
});
server.listen(Number(port ?? 0), "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  answer = provider(issuer);
  console.log(issuer);
});
