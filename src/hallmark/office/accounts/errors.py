"""What can go wrong at the door."""

from __future__ import annotations

from hallmark.kernel.errors import Forbidden, Malformed, Missing, Refusal, Unavailable


class SignInNeeded(Forbidden):
    """Nobody is signed in."""

    en = "You may not {act}: you are not signed in. Sign in, or send a token."
    zh = "您无权{act}：尚未登录。请登录或提供令牌。"


class NotAMember(Forbidden):
    """The person does nothing for this organisation."""

    en = "You may not {act}: you do not act for {organisation}. Ask its manager to add you."
    zh = "您无权{act}：您不代表 {organisation}。请联系该机构的管理员添加您。"


class RegistrarNeeded(Forbidden):
    """Only a registrar does this."""

    en = "You may not {act}: this takes a registrar. Ask the operator of this server."
    zh = "您无权{act}：须由登记员执行。请联系本服务器的运营方。"


class WrongFunction(Forbidden):
    """The person does something else for this organisation."""

    en = "You may not {act}: at {organisation} this takes a {functions}. Ask such a person, or its manager."
    zh = "您无权{act}：在 {organisation} 须由{functions}执行。请联系该人员或机构管理员。"


class OutOfScope(Forbidden):
    """The token was not made for this."""

    en = "You may not {act} with this token: it lacks the scope {scope}. Use a token that has it."
    zh = "您不能使用此令牌{act}：其缺少权限范围 {scope}。请使用具备该范围的令牌。"


class WrongCredentials(Forbidden):
    """Login and password do not belong together, or the code is wrong; which of them is not said."""

    en = "The login, the password or the code is wrong. Check them and try again."
    zh = "登录名、密码或验证码有误。请核对后重试。"


class CodeNeeded(Forbidden):
    """The account is protected by a second factor."""

    en = "This account asks for a code as well. Enter the six digits that your authenticator shows."
    zh = "此账户还需要验证码。请输入身份验证器显示的六位数字。"


class BadInvitation(Forbidden):
    """The invitation was used, withdrawn or has run out."""

    en = "This invitation no longer opens anything. Ask for a new one."
    zh = "此邀请已失效。请索取新的邀请。"


class BadToken(Forbidden):
    """The token is unknown, revoked or has run out; which of them is not said."""

    en = "This token opens nothing here: it is unknown, has run out, or was ended, as by a reset. Make a new one."
    zh = "此令牌在此无效：未知、已到期，或已终止（如因重置密码）。请创建新的令牌。"


class TooManyRequests(Unavailable):
    """The allowance of this window is used up."""

    article = "RFC 6585 section 4"
    en = "Too many requests. Nothing is wrong with this one; send it again in {seconds} seconds."
    zh = "请求过多。本次请求本身无误，请在 {seconds} 秒后重试。"


class BadLogin(Malformed):
    """The text cannot be a login."""

    en = "{login} cannot be a login. Use 3 to 100 letters, digits or any of . _ @ + -"
    zh = "{login} 不能作为登录名。请使用 3 至 100 个字母、数字或 . _ @ + - 字符。"


class WeakPassword(Malformed):
    """The password is easy to guess."""

    en = "This password is too weak: {why}. Choose a longer, less common one."
    zh = "密码强度不足：{why}。请选择更长、更不常见的密码。"


class LoginTaken(Refusal):
    """Somebody has this login, or this person has an account."""

    en = "The login {login} is taken, or this person has an account. Choose another, or ask a registrar for a reset."
    zh = "登录名 {login} 已被使用，或该人员已有账户。请另选登录名，或请登记员重置。"


class SecondFactorOn(Refusal):
    """The account asks for codes already."""

    en = "This account asks for codes already. Remove the second factor first, then set up the new one."
    zh = "此账户已启用第二验证因素。请先移除，再设置新的。"


class AlreadyEnrolled(Refusal):
    """The registration number belongs to an enrolled person."""

    en = "This registration number belongs to {person}. Use that person; one natural person is enrolled once."
    zh = "该登记号码属于 {person}。请使用该人员；每个自然人只登记一次。"


class KeyTaken(Refusal):
    """The key was enrolled before."""

    en = "The key {key} was enrolled before. Make a new one; a key belongs to one person and never comes back."
    zh = "密钥 {key} 此前已登记。请生成新的密钥；一个密钥只属于一个人员，且不再重新启用。"


class AlreadyOpen(Refusal):
    """The server has its first registrar."""

    en = "This server has an operator already. Its registrar adds everyone else."
    zh = "本服务器已有运营方。其他人员由其登记员添加。"


class FunctionNotHere(Refusal):
    """Organisations of this kind have no such function."""

    en = "An organisation of the kind {role} has no {functions}. Choose among its own functions."
    zh = "类别为 {role} 的机构没有职能 {functions}。请在其自身职能中选择。"


class LastManager(Refusal):
    """Nobody would be left to manage the organisation."""

    en = "{organisation} would have no manager left. Name another manager first."
    zh = "{organisation} 将没有管理员。请先指定另一名管理员。"


class NoSuchPerson(Missing):
    """No person has this identifier."""

    en = "There is no person {person}. Check the identifier."
    zh = "不存在人员 {person}。请核对编号。"


class NoSuchMember(Missing):
    """The person does nothing for the organisation."""

    en = "{person} does nothing for {organisation}. Say first what the person does there, then try again."
    zh = "{person} 未在 {organisation} 任职。请先指定其在该机构的职能，再重试。"


class NoSuchOrganisation(Missing):
    """No organisation has this identifier."""

    en = "There is no organisation {organisation}. Check the identifier."
    zh = "不存在机构 {organisation}。请核对编号。"


class NoSuchAccount(Missing):
    """No account has this login."""

    en = "There is no account with the login {login}. Check its spelling."
    zh = "不存在登录名为 {login} 的账户。请核对拼写。"


class NoSuchToken(Missing):
    """No token of this reader's has this prefix."""

    en = "There is no token {prefix} of yours. Check the list of tokens."
    zh = "没有属于您的令牌 {prefix}。请核对令牌列表。"
